// A tiny cluster as a scenario, with its files; for tests of sim/wiring and of what runs scenarios.
#pragma once

#include <string>
#include <variant>

#include "base/check.hpp"
#include "sim/scenario/reader.hpp"
#include "sim/wiring/run.hpp"
#include "sim/wiring/vocabulary.hpp"

namespace vvm::wiring::testing {

// The schema of version n of acme/pos: the commands of all versions up to it.
inline std::string schema_of(int n) {
  std::string text = "APPLICATION pos();\nWORKSPACE Shop (\n  EXTENSION ENGINE BUILTIN (\n";
  for (int i = 1; i <= n; ++i) {
    text += "    COMMAND Pay" + std::to_string(i) + ";\n";
  }
  return text + "  );\n);\n";
}

inline Bundle files() {
  Bundle files;
  for (int n = 1; n <= 3; ++n) {
    const std::string folder = "pos-v" + std::to_string(n) + "/pkg/";
    files[folder + "example.com/pos/pos.vsql"] = schema_of(n);
    files[folder + "sys/sys.vsql"] =
        "ABSTRACT WORKSPACE Workspace (\n  ABSTRACT TABLE CRecord();\n"
        "  ABSTRACT TABLE CDoc INHERITS CRecord();\n);\n";
  }
  return files;
}

// Two VVMs, four partitions, versions 1 and 2; what comes after is the caller's.
inline std::string tiny_text(const std::string& rest) {
  return R"(format = 1

[scenario]
name = "tiny"
horizon = "5m"

[topology]
nodes = ["n1"]
vvms = { per_node = 2 }

[apps."acme/pos"]
partitions = 4

[images.pos1]
app = "acme/pos"
schema = "pos-v1"

[images.pos2]
app = "acme/pos"
schema = "pos-v2"

)" + rest;
}

inline scenario::Scenario read(const std::string& text) {
  const auto result = scenario::read(text, vocabulary());
  if (const auto* wrong = std::get_if<scenario::Diagnostics>(&result)) {
    CHECK(false, "the scenario of a test is wrong", scenario::render(*wrong, "tiny", text));
  }
  return std::get<scenario::Scenario>(result);
}

}  // namespace vvm::wiring::testing
