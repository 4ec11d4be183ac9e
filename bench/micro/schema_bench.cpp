// Costs of the VSQL compiler: lexing, parsing, text to definition, and what is done with one.
//
// On generated applications of four sizes, which are as people write them (schema/generate.hpp).
// Figures are octets of schema text a second.
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "appdef/compat.hpp"
#include "appdef/dump.hpp"
#include "base/check.hpp"
#include "bench/micro/register.hpp"
#include "schema/generate.hpp"
#include "schema/parse.hpp"
#include "schema/workspace.hpp"

namespace vvm::bench {
namespace {

constexpr std::uint64_t seed = 1;

std::size_t size_of(const std::vector<schema::PackageText>& packages) {
  std::size_t total = 0;
  for (const schema::PackageText& package : packages) {
    for (const schema::SourceText& file : package.files) {
      total += file.text.size();
    }
  }
  return total;
}

// One file of at most the size that a file may have.
std::string one_text(std::int64_t bytes) {
  std::string text;
  for (const schema::PackageText& package :
       schema::generate(static_cast<std::size_t>(bytes), seed)) {
    for (const schema::SourceText& file : package.files) {
      text += package.path == "sys" ? "" : file.text;
    }
  }
  return text.substr(0, schema::file_bytes_max);
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void lex(benchmark::State& state) {
  const std::string text = one_text(state.range(0));
  schema::SourceMap map;
  const schema::SourceFile& source = map.add("a.vsql", text);
  schema::TokenBuffer tokens;
  tokens.lex(source);
  CHECK(tokens.errors().empty(), "generated text does not lex");
  for (auto round : state) {
    static_cast<void>(round);
    tokens.lex(source);
    benchmark::DoNotOptimize(tokens.tokens().data());
  }
  count_bytes(state, text.size());
}

void parse(benchmark::State& state) {
  const std::string text = one_text(state.range(0));
  schema::SourceMap map;
  const schema::SourceFile& source = map.add("a.vsql", text);
  schema::TokenBuffer tokens;
  for (auto round : state) {
    static_cast<void>(round);
    schema::Names names;
    const schema::Parsed parsed = schema::parse(source, &names, &tokens);
    CHECK(parsed.errors.empty(), "generated text does not parse");
    benchmark::DoNotOptimize(parsed.tree.get());
  }
  count_bytes(state, text.size());
}

void text_to_app_def(benchmark::State& state) {
  const std::vector<schema::PackageText> packages =
      schema::generate(static_cast<std::size_t>(state.range(0)), seed);
  std::size_t types = 0;
  for (auto round : state) {
    static_cast<void>(round);
    const schema::Compiled compiled = schema::compile(packages);
    CHECK(compiled.app_def != nullptr, "generated text does not compile");
    types = compiled.app_def->types().size();
    benchmark::DoNotOptimize(compiled.app_def.get());
  }
  count_bytes(state, size_of(packages));
  state.counters["types"] = static_cast<double>(types);
}

// One file of the application changed; the trees of the others are kept.
void recompile(benchmark::State& state) {
  std::vector<schema::PackageText> packages =
      schema::generate(static_cast<std::size_t>(state.range(0)), seed);
  schema::Workspace workspace;
  CHECK(workspace.compile(packages).app_def != nullptr, "generated text does not compile");
  for (auto round : state) {
    static_cast<void>(round);
    packages[1].files.back().text += "\n";
    const schema::Compiled compiled = workspace.compile(packages);
    CHECK(workspace.files_parsed() == 1, "parsed again", workspace.files_parsed());
    benchmark::DoNotOptimize(compiled.app_def.get());
  }
  count_bytes(state, size_of(packages));
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

}  // namespace

void register_schema_benchmarks() {
  constexpr std::int64_t small = 20'000;
  constexpr std::int64_t large = 1'000'000;
  benchmark::RegisterBenchmark("schema/lex", lex)
      ->Arg(small)
      ->Arg(100'000)
      ->Arg(large)
      ->Arg(4'000'000);
  benchmark::RegisterBenchmark("schema/parse", parse)
      ->Arg(small)
      ->Arg(100'000)
      ->Arg(large)
      ->Arg(4'000'000);
  benchmark::RegisterBenchmark("schema/compile", text_to_app_def)
      ->Arg(small)
      ->Arg(100'000)
      ->Arg(large)
      ->Arg(4'000'000);
  benchmark::RegisterBenchmark("schema/recompile", recompile)->Arg(large);
  benchmark::RegisterBenchmark("schema/find", find)->Arg(100'000)->Arg(large);
  benchmark::RegisterBenchmark("schema/dump", dump)->Arg(100'000)->Arg(large);
  benchmark::RegisterBenchmark("schema/compare", compare)->Arg(100'000);
}

}  // namespace vvm::bench
