// The stages of a compilation (docs/spec/vsql.md 0.2), and what is kept between two.
#include "schema/workspace.hpp"

#include <algorithm>
#include <tuple>

#include "base/check.hpp"
#include "schema/analyse.hpp"
#include "schema/build.hpp"
#include "schema/validate.hpp"

namespace vvm::schema {
namespace {

// Of the 4 GiB of places; then everything is parsed again.
constexpr std::uint64_t places_max = std::uint64_t{1} << 31U;

std::vector<const SourceText*> files_by_name(const PackageText& package) {
  std::vector<const SourceText*> files;
  for (const SourceText& file : package.files) {
    if (is_schema_file(file.name)) {
      files.push_back(&file);
    }
  }
  std::ranges::sort(files, {}, &SourceText::name);
  return files;
}

}  // namespace

Workspace::Workspace()
    : sources_(std::make_unique<SourceMap>()), names_(std::make_unique<Names>()) {}

Workspace::~Workspace() = default;

void Workspace::forget_if_full() {
  if (sources_->used() + total_bytes_max + (std::uint64_t{1} << 20U) > places_max) {
    known_.clear();
    names_ = std::make_unique<Names>();
    sources_ = std::make_unique<SourceMap>();
  }
}

const Parsed& Workspace::parsed(const std::string& path, const SourceText& file) {
  const auto [it, added] = known_.try_emplace(Key{path, file.name});
  Parsed& known = it->second;
  if (added || known.tree->source->text() != file.text) {
    ++files_parsed_;
    known = parse(sources_->add(file.name, file.text, path), names_.get(), &tokens_);
  }
  return known;
}

bool Workspace::check_sizes(const std::vector<PackageText>& packages, Report* report) {
  std::size_t total = 0;
  for (const PackageText& package : packages) {
    for (const SourceText& file : package.files) {
      total += file.text.size();
      if (file.text.size() > file_bytes_max) {
        report->add(Rule::too_large,
                    0,
                    file.name + ": " + std::to_string(file.text.size()) +
                        " octets; a schema file has at most " + std::to_string(file_bytes_max));
      }
    }
  }
  if (total > total_bytes_max) {
    report->add(Rule::too_large,
                0,
                std::to_string(total) + " octets of schema text; an application has at most " +
                    std::to_string(total_bytes_max));
  }
  return !report->failed();
}

// S1 of all files, each with one error at most.
bool Workspace::parse_all(const std::vector<PackageText>& packages,
                          std::vector<PackageTrees>* trees,
                          Report* report) {
  for (const PackageText& package : packages) {
    PackageTrees& added = trees->emplace_back(PackageTrees{.path = package.path, .files = {}});
    for (const SourceText* file : files_by_name(package)) {
      const Parsed& result = parsed(package.path, *file);
      added.files.push_back(result.tree.get());
      for (const Diagnostic& error : result.canonical) {
        report->add(error);
      }
      const std::size_t room = messages_max - std::min(diagnostics_.size(), messages_max);
      const auto count = static_cast<std::ptrdiff_t>(std::min(room, result.errors.size()));
      diagnostics_.insert(diagnostics_.end(), result.errors.begin(), result.errors.begin() + count);
    }
  }
  return !report->failed();
}

std::shared_ptr<const appdef::AppDef> Workspace::stages(const std::vector<PackageText>& packages,
                                                        const Options& options,
                                                        Report* report,
                                                        Stage* stage) {
  const auto goes_on = [&options, report, stage](Stage next) {
    if (report->failed() || options.until == *stage) {
      return false;
    }
    *stage = next;
    return true;
  };
  *stage = Stage::parse;
  std::vector<PackageTrees> trees;
  if (!check_sizes(packages, report) || !parse_all(packages, &trees, report) ||
      !goes_on(Stage::package)) {
    return nullptr;
  }
  for (const PackageTrees& package : trees) {
    if (package.path.empty()) {
      report->add(Rule::e203, 0, "empty qualified name");
    }
    if (package.files.empty()) {
      report->add(Rule::e201, 0, "no schema files in directory");
      report->add(Rule::e202, 0, "no valid schema files");
    }
  }
  Bound bound(*sources_, names_.get(), report);
  bound.collect(trees);
  if (!goes_on(Stage::analyse)) {
    return nullptr;
  }
  bound.link();
  if (report->failed()) {
    return nullptr;
  }
  analyse(&bound, options.variables);
  if (!goes_on(Stage::build)) {
    return nullptr;
  }
  std::shared_ptr<const appdef::AppDef> app_def = build(&bound, options.variables);
  if (!goes_on(Stage::validate)) {
    return nullptr;
  }
  validate(*app_def, report);
  return report->failed() ? nullptr : app_def;
}

void Workspace::keep_for_people(const std::vector<PackageText>& packages, const Report& report) {
  if (!diagnostics_.empty()) {
    return;  // syntax errors: all of them are there already
  }
  for (const Diagnostic& error : report.kept()) {
    const bool again = std::ranges::any_of(diagnostics_, [&error](const Diagnostic& other) {
      return other.loc == error.loc && other.text == error.text;
    });
    if (!again) {
      diagnostics_.push_back(error);
    }
  }
  // Places are given out as files come to be known, which may be in another order than now.
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> order;
  for (const PackageText& package : packages) {
    for (const SourceText* file : files_by_name(package)) {
      order.emplace(std::pair{std::string_view{package.path}, std::string_view{file->name}},
                    order.size() + 1);
    }
  }
  const auto key = [this, &order](const Diagnostic& d) {
    std::size_t at = 0;
    if (const SourceFile* file = sources_->file_of(d.loc); file != nullptr) {
      const auto known = order.find({file->package, file->name});
      CHECK(known != order.end(), "a place in a file that was not compiled", file->name);
      at = known->second;
    }
    return std::tuple{at, d.loc, std::string_view{d.text}};
  };
  std::ranges::sort(diagnostics_, {}, key);
}

Compiled Workspace::compile(const std::vector<PackageText>& packages, const Options& options) {
  forget_if_full();
  diagnostics_.clear();
  files_parsed_ = 0;
  Report report;
  Compiled compiled;
  compiled.app_def = stages(packages, options, &report, &compiled.stage);
  for (const Diagnostic& error : report.kept()) {
    compiled.errors.push_back(sources_->prefix(error.loc) + error.text);
  }
  if (report.failed()) {
    compiled.code = code_of(report.kept().front().rule);
    keep_for_people(packages, report);
  }
  return compiled;
}

}  // namespace vvm::schema
