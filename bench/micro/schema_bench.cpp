// Costs of the VSQL compiler: each stage alone, text to definition, and what is done with one.
//
// On generated applications of four sizes, which are as people write them (schema/generate.hpp),
// and on the real ones that the program was given. One iteration is all of an application.
// Counters: `octets` of schema text; for the whole also `types` of the definition, and `allocs`.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "appdef/compat.hpp"
#include "appdef/dump.hpp"
#include "base/check.hpp"
#include "bench/micro/register.hpp"
#include "schema/analyse.hpp"
#include "schema/build.hpp"
#include "schema/generate.hpp"
#include "schema/parse.hpp"
#include "schema/validate.hpp"
#include "schema/workspace.hpp"
#include "sim/kernel/perturbed_memory.hpp"

namespace vvm::bench {
namespace {

constexpr std::uint64_t seed = 1;

std::size_t octets_of(const std::vector<schema::PackageText>& packages) {
  std::size_t total = 0;
  for (const schema::PackageText& package : packages) {
    for (const schema::SourceText& file : package.files) {
      total += file.text.size();
    }
  }
  return total;
}

// The stages of one application, each as often as one likes. A step gives back what it made the
// last time, as a compilation gives back what it made. Steps are never inlined:
// bench/instructions.py counts what is inside one.
class Stages {
 public:
  explicit Stages(std::vector<schema::PackageText> packages)
      : packages_(std::move(packages)), octets_(octets_of(packages_)) {
    for (const schema::PackageText& package : packages_) {
      schema::PackageTrees& trees = trees_.emplace_back();
      trees.path = package.path;
      for (const schema::SourceText& file : package.files) {
        sources_.push_back(&map_.add(file.name, file.text, package.path));
        parsed_.push_back(schema::parse(*sources_.back(), &names_, &tokens_));
        trees.files.push_back(parsed_.back().tree.get());
      }
    }
  }

  [[gnu::noinline]] void lex() {
    for (const schema::SourceFile* source : sources_) {
      tokens_.lex(*source);
      benchmark::DoNotOptimize(tokens_.tokens().data());
    }
  }

  // With names of its own: those that other steps refer to stay.
  [[gnu::noinline]] void parse() {
    schema::Names names;
    for (const schema::SourceFile* source : sources_) {
      const schema::Parsed parsed = schema::parse(*source, &names, &tokens_);
      benchmark::DoNotOptimize(parsed.tree.get());
    }
  }

  [[gnu::noinline]] void bind() {
    bound_.reset();
    report_ = std::make_unique<schema::Report>();
    bound_ = std::make_unique<schema::Bound>(map_, &names_, report_.get());
    bound_->collect(trees_);
    bound_->link();
  }

  // pre, of these three: the step before it came last.
  [[gnu::noinline]] void analyse() { schema::analyse(bound_.get(), variables_); }

  [[gnu::noinline]] void build() { app_def_ = schema::build(bound_.get(), variables_); }

  [[gnu::noinline]] void validate() { schema::validate(*app_def_, report_.get()); }

  [[gnu::noinline]] void compile() {
    const schema::Compiled compiled = schema::compile(packages_);
    benchmark::DoNotOptimize(compiled.app_def.get());
  }

  // What compile() does; stops the program where it finds an error.
  void run_all() {
    CHECK(std::ranges::all_of(parsed_, [](const auto& file) { return file.errors.empty(); }),
          "does not parse");
    bind();
    CHECK(!report_->failed(), "does not bind");
    analyse();
    CHECK(!report_->failed(), "breaks a rule");
    build();
    CHECK(app_def_ != nullptr, "does not build");
    validate();
    CHECK(!report_->failed(), "is not valid");
  }

  std::size_t octets() const { return octets_; }

  std::size_t types() const { return app_def_->types().size(); }

 private:
  std::vector<schema::PackageText> packages_;
  std::size_t octets_;
  schema::SourceMap map_;
  schema::Names names_;
  schema::TokenBuffer tokens_;
  schema::Variables variables_;
  std::vector<const schema::SourceFile*> sources_;
  std::vector<schema::Parsed> parsed_;
  std::vector<schema::PackageTrees> trees_;
  std::unique_ptr<schema::Report> report_;
  std::unique_ptr<schema::Bound> bound_;
  std::shared_ptr<const appdef::AppDef> app_def_;
};

// Made when it is first asked for, and then kept: a benchmark is called several times to find its
// number of iterations, and 10 MB take their time to generate.
class Input {
 public:
  explicit Input(std::size_t octets) : octets_(octets) {}

  explicit Input(std::vector<schema::PackageText> packages) : packages_(std::move(packages)) {}

  Stages& stages() {
    if (stages_ == nullptr) {
      stages_ = std::make_unique<Stages>(octets_ == 0 ? std::move(packages_)
                                                      : schema::generate(octets_, seed));
    }
    return *stages_;
  }

 private:
  std::size_t octets_ = 0;
  std::vector<schema::PackageText> packages_;
  std::unique_ptr<Stages> stages_;
};

void count_octets(benchmark::State& state, std::size_t octets) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(octets));
  state.counters["octets"] = static_cast<double>(octets);
}

// A step that needs no other before it each time.
void repeat(benchmark::State& state, Stages& stages, void (Stages::*step)()) {
  for (auto round : state) {
    static_cast<void>(round);
    (stages.*step)();
  }
  count_octets(state, stages.octets());
}

void lex(benchmark::State& state, Input& input) { repeat(state, input.stages(), &Stages::lex); }

void parse(benchmark::State& state, Input& input) { repeat(state, input.stages(), &Stages::parse); }

void bind(benchmark::State& state, Input& input) {
  input.stages().run_all();
  repeat(state, input.stages(), &Stages::bind);
}

// Stopping and starting the clock costs up to a microsecond, which shows at 20 KB only.
void analyse(benchmark::State& state, Input& input) {
  Stages& stages = input.stages();
  stages.run_all();
  for (auto round : state) {
    static_cast<void>(round);
    state.PauseTiming();
    stages.bind();
    state.ResumeTiming();
    stages.analyse();
  }
  count_octets(state, stages.octets());
}

void build(benchmark::State& state, Input& input) {
  Stages& stages = input.stages();
  stages.run_all();
  for (auto round : state) {
    static_cast<void>(round);
    state.PauseTiming();
    stages.bind();
    stages.analyse();
    state.ResumeTiming();
    stages.build();
  }
  count_octets(state, stages.octets());
}

void validate(benchmark::State& state, Input& input) {
  input.stages().run_all();
  repeat(state, input.stages(), &Stages::validate);
}

void compile(benchmark::State& state, Input& input) {
  Stages& stages = input.stages();
  stages.run_all();
  repeat(state, stages, &Stages::compile);
  state.counters["types"] = static_cast<double>(stages.types());
  if (sim::AllocationCount::effective()) {
    const sim::AllocationCount allocations;
    stages.compile();
    state.counters["allocs"] = static_cast<double>(allocations.value());
  }
}

// One file of the application changed; the trees of the others are kept.
void recompile(benchmark::State& state) {
  std::vector<schema::PackageText> packages =
      schema::generate(static_cast<std::size_t>(state.range(0)), seed);
  const std::size_t octets = octets_of(packages);
  schema::Workspace workspace;
  CHECK(workspace.compile(packages).app_def != nullptr, "generated text does not compile");
  for (auto round : state) {
    static_cast<void>(round);
    packages[1].files.back().text += "\n";
    const schema::Compiled compiled = workspace.compile(packages);
    CHECK(workspace.files_parsed() == 1, "parsed again", workspace.files_parsed());
    benchmark::DoNotOptimize(compiled.app_def.get());
  }
  count_octets(state, octets);
}

std::shared_ptr<const appdef::AppDef> app_def_of(std::int64_t bytes) {
  return schema::compile(schema::generate(static_cast<std::size_t>(bytes), seed)).app_def;
}

void find(benchmark::State& state) {
  const std::shared_ptr<const appdef::AppDef> app_def = app_def_of(state.range(0));
  std::size_t i = 0;
  for (auto round : state) {
    static_cast<void>(round);
    const appdef::Type* type = app_def->types()[i];
    CHECK(app_def->find(type->name.pkg, type->name.entity) == type, "found another");
    i = (i + 7) % app_def->types().size();
  }
}

void dump(benchmark::State& state) {
  const std::shared_ptr<const appdef::AppDef> app_def = app_def_of(state.range(0));
  for (auto round : state) {
    static_cast<void>(round);
    benchmark::DoNotOptimize(appdef::dump(*app_def));
  }
}

void compare(benchmark::State& state) {
  const std::shared_ptr<const appdef::AppDef> app_def = app_def_of(state.range(0));
  for (auto round : state) {
    static_cast<void>(round);
    CHECK(appdef::compare(*app_def, *app_def).empty(), "not compatible with itself");
  }
}

using Run = void (*)(benchmark::State&, Input&);

void add(const std::string& name, const std::shared_ptr<Input>& input, Run run) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [input, run](benchmark::State& state) { run(state, *input); });
}

struct Row {
  const char* name;
  Run run;
};

}  // namespace

void register_schema_benchmarks(const std::vector<RealSchema>& real) {
  constexpr std::int64_t small = 100'000;
  constexpr std::int64_t large = 1'000'000;
  constexpr std::array<std::size_t, 4> sizes{20'000, 100'000, 1'000'000, 10'000'000};
  std::array<std::shared_ptr<Input>, sizes.size()> inputs;
  std::ranges::transform(
      sizes, inputs.begin(), [](std::size_t size) { return std::make_shared<Input>(size); });
  for (const Row& row : {Row{"schema/lex/", lex},
                         Row{"schema/parse/", parse},
                         Row{"schema/bind/", bind},
                         Row{"schema/analyse/", analyse},
                         Row{"schema/build/", build},
                         Row{"schema/validate/", validate},
                         Row{"schema/compile/", compile}}) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      add(row.name + std::to_string(sizes[i]), inputs[i], row.run);
    }
  }
  for (const RealSchema& each : real) {
    const bool compiles = schema::compile(each.packages).app_def != nullptr;
    add((compiles ? "schema/compile/real/" : "schema/parse/real/") + each.name,
        std::make_shared<Input>(each.packages),
        compiles ? compile : parse);
  }
  benchmark::RegisterBenchmark("schema/recompile", recompile)->Arg(large);
  benchmark::RegisterBenchmark("schema/find", find)->Arg(small)->Arg(large);
  benchmark::RegisterBenchmark("schema/dump", dump)->Arg(small)->Arg(large);
  benchmark::RegisterBenchmark("schema/compare", compare)->Arg(small);
}

}  // namespace vvm::bench
