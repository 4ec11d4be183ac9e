// ReadContext: what the parts of the reader share; private to this module.
//
// reader.cpp owns one per file. Sections are read in an order in which what one refers to has been
// read before: topology, applications, images, then loads, steps and expectations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/fields.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace vvm::scenario {

struct ReadContext {
  Issues& issues;
  const Vocabulary& vocabulary;
  Scenario scenario{};
  // Names that steps carry (`as`), collected before the steps are read.
  std::vector<std::string> step_names{};
};

// read_setup.cpp
void read_constants(ReadContext& ctx, const toml::table& root);
void read_topology(ReadContext& ctx, const toml::table& root);
void read_net(ReadContext& ctx, const toml::table& root);
void read_apps(ReadContext& ctx, const toml::table& root);
void read_images(ReadContext& ctx, const toml::table& root);
void read_load(ReadContext& ctx, const toml::table& root);

// read_timeline.cpp
void read_timeline(ReadContext& ctx, const toml::table& root);

// read_faults.cpp: the fault that `word` names; its keys, `for` and `times` included.
std::optional<faults::Fault> read_fault(ReadContext& ctx, Fields& fields, const std::string& word);
// The words of all faults.
std::vector<std::string_view> fault_words();

// read_expect.cpp
void read_expect(ReadContext& ctx, const toml::table& root);

// read_calls.cpp: values of strings `name(...)`; none when something was wrong with it.
std::optional<faults::Trigger> read_trigger(ReadContext& ctx, const toml::node& node);
std::optional<Condition> read_condition(ReadContext& ctx, const toml::node& node);
std::optional<Count> read_count(ReadContext& ctx, const toml::node& node);

// names.cpp: does a name or glob mean something here? What is wrong with it, or none.
std::optional<std::string> wrong_process(const Scenario& scenario, std::string_view glob);
std::optional<std::string> wrong_vvm(const Scenario& scenario, std::string_view glob);
std::optional<std::string> wrong_node(const Scenario& scenario, std::string_view glob);
// Ends of links: processes, and the services `store` and `blobs`.
std::optional<std::string> wrong_host(const Scenario& scenario, std::string_view glob);
std::optional<std::string> wrong_app(const Scenario& scenario, std::string_view name);
std::optional<std::string> wrong_image(const Scenario& scenario, std::string_view name);
std::optional<std::string> wrong_partition(const Scenario& scenario, const PartitionGlob& glob);
std::optional<std::string> wrong_step(const ReadContext& ctx, std::string_view name);

// The tables below root[section]: [section.NAME], in the order of the file.
struct NamedTable {
  std::string name;
  const toml::table* table = nullptr;
};

std::vector<NamedTable> named_tables(ReadContext& ctx,
                                     const toml::table& root,
                                     std::string_view section);
// root[section], if it is a table.
const toml::table* section_of(ReadContext& ctx, const toml::table& root, std::string_view section);

}  // namespace vvm::scenario
