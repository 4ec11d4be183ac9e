// The stages of a compilation (docs/spec/vsql.md 0.2), and what is kept between two.
#include "schema/workspace.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "schema/analyse.hpp"
#include "schema/build.hpp"
#include "schema/dump.hpp"
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

bool Workspace::Run::goes_on(Stage next) {
  if (report.failed() || options.until == stage) {
    return false;
  }
  stage = next;
  return true;
}

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
    if (!added) {
      replaced_.push_back(std::move(known.tree));
    }
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
bool Workspace::parse_all(const std::vector<PackageText>& packages, Run* run) {
  for (const PackageText& package : packages) {
    PackageTrees& added = run->trees.emplace_back(PackageTrees{.path = package.path, .files = {}});
    for (const SourceText* file : files_by_name(package)) {
      const Parsed& result = parsed(package.path, *file);
      added.files.push_back(result.tree.get());
      for (const Diagnostic& error : result.canonical) {
        run->report.add(error);
      }
      const std::size_t room = messages_max - std::min(diagnostics_.size(), messages_max);
      const auto count = static_cast<std::ptrdiff_t>(std::min(room, result.errors.size()));
      diagnostics_.insert(diagnostics_.end(), result.errors.begin(), result.errors.begin() + count);
    }
  }
  return !run->report.failed();
}

std::shared_ptr<const appdef::AppDef> Workspace::stages(const std::vector<PackageText>& packages,
                                                        Run* run) {
  if (!check_sizes(packages, &run->report) || !parse_all(packages, run) ||
      !run->goes_on(Stage::package)) {
    return nullptr;
  }
  for (const PackageTrees& package : run->trees) {
    if (package.path.empty()) {
      run->report.add(Rule::e203, 0, "empty qualified name");
    }
    if (package.files.empty()) {
      run->report.add(Rule::e201, 0, "no schema files in directory");
      run->report.add(Rule::e202, 0, "no valid schema files");
    }
  }
  Bound bound(*sources_, names_.get(), &run->report);
  std::shared_ptr<const appdef::AppDef> app_def = bound_stages(&bound, run);
  if (run->wants_bound) {
    run->bound = dump_bound(&bound);
  }
  return app_def;
}

std::shared_ptr<const appdef::AppDef> Workspace::bound_stages(Bound* bound, Run* run) {
  bound->collect(run->trees);
  if (!run->goes_on(Stage::analyse)) {
    return nullptr;
  }
  bound->link();
  if (run->report.failed()) {
    return nullptr;
  }
  analyse(bound, run->options.variables);
  if (!run->goes_on(Stage::build)) {
    return nullptr;
  }
  std::shared_ptr<const appdef::AppDef> app_def = build(bound, run->options.variables);
  if (!run->goes_on(Stage::validate)) {
    return nullptr;
  }
  validate(*app_def, &run->report);
  return run->report.failed() ? nullptr : app_def;
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

Compiled Workspace::finish(const std::vector<PackageText>& packages, Run* run) {
  forget_if_full();
  diagnostics_.clear();
  replaced_.clear();
  files_parsed_ = 0;
  Compiled compiled;
  compiled.app_def = stages(packages, run);
  compiled.stage = run->stage;
  for (const Diagnostic& error : run->report.kept()) {
    compiled.errors.push_back(sources_->prefix(error.loc) + error.text);
  }
  if (run->report.failed()) {
    compiled.code = code_of(run->report.kept().front().rule);
    keep_for_people(packages, run->report);
  }
  return compiled;
}

Compiled Workspace::compile(const std::vector<PackageText>& packages, const Options& options) {
  Run run{.options = options};
  return finish(packages, &run);
}

Dumped Workspace::dump(const std::vector<PackageText>& packages,
                       Form form,
                       const Options& options) {
  Run run{.options = options, .wants_bound = form == Form::bound};
  Dumped dumped;
  dumped.compiled = finish(packages, &run);
  dumped.text = std::move(run.bound);
  for (const PackageTrees& package : run.trees) {
    for (const FileTree* file : package.files) {
      if (form == Form::tokens) {
        tokens_.lex(*file->source);
        dumped.text += dump_tokens(*file->source, tokens_);
      } else if (form == Form::tree) {
        dumped.text += dump_tree(*file, *names_, Places::shown);
      }
    }
  }
  return dumped;
}

}  // namespace vvm::schema
