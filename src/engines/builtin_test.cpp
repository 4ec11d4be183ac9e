// BUILTIN functions: lookup, errors, and the validation against the schema in both directions.
#define BOOST_TEST_MODULE engines
#include "engines/builtin.hpp"

#include <stdexcept>

#include <boost/test/unit_test.hpp>

#include "engines/testing/app_def.hpp"
#include "runtime/testing/test_machine.hpp"

using namespace vvm;
using namespace vvm::engines;
using vvm::testing::TestMachine;

namespace {

const AppQName app{"acme", "pos"};
const std::string path = "example.com/acme/pos";

Task<Result<Bytes>> echo(ExtensionIo* io) { co_return "echo " + Bytes(io->argument()); }

Task<Result<Bytes>> stateless_echo(ExtensionIo* io) {
  co_return "stateless " + Bytes(io->argument());
}

Task<Result<Bytes>> throws(ExtensionIo* /*io*/) {
  throw std::runtime_error("out of paper");
  co_return Bytes();
}

EngineRequest request_of(const std::vector<testing::TestExtension>& extensions) {
  return {.app = app, .app_def = testing::app_def_of(extensions), .modules = {}};
}

Result<Bytes> invoke(TestMachine& m,
                     std::shared_ptr<const BuiltinRegistry> registry,
                     const std::string& name) {
  BuiltinFactory factory(std::move(registry));
  const auto ledger = std::make_shared<EngineLedger>();
  auto engines = factory.create(request_of({}), 1, ledger);
  ArgumentIo io("42");
  return m.await(engines.value().front().get()->invoke(path + "." + name, &io));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_function_is_found_under_its_full_name_stateless_ones_first) {
  TestMachine m;
  auto registry = std::make_shared<BuiltinRegistry>();
  registry->add(app, path, "Pay", echo);
  registry->add(app, path, "Print", echo);
  registry->add_stateless(path, "Print", stateless_echo);
  BOOST_TEST(invoke(m, registry, "Pay").value() == "echo 42");
  BOOST_TEST(invoke(m, registry, "Print").value() == "stateless 42");
  BOOST_TEST((invoke(m, registry, "Refund").error().code == Code::not_found));
}

BOOST_AUTO_TEST_CASE(a_function_of_another_application_is_not_found) {
  TestMachine m;
  auto registry = std::make_shared<BuiltinRegistry>();
  registry->add(AppQName{"acme", "other"}, path, "Pay", echo);
  BOOST_TEST((invoke(m, registry, "Pay").error().code == Code::not_found));
}

BOOST_AUTO_TEST_CASE(an_exception_becomes_an_error_that_names_the_function) {
  TestMachine m;
  auto registry = std::make_shared<BuiltinRegistry>();
  registry->add(app, path, "Pay", throws);
  const auto result = invoke(m, registry, "Pay");
  BOOST_REQUIRE(result.has_error());
  BOOST_TEST((result.error().code == Code::internal_error));
  BOOST_TEST(result.error().what == path + ".Pay: out of paper");
}

BOOST_AUTO_TEST_CASE(a_closed_engine_runs_nothing) {
  TestMachine m;
  auto registry = std::make_shared<BuiltinRegistry>();
  registry->add(app, path, "Pay", echo);
  BuiltinFactory factory(registry);
  const auto ledger = std::make_shared<EngineLedger>();
  auto engines = factory.create(request_of({}), 1, ledger);
  const std::shared_ptr<Engine> engine = engines.value().front().get();
  engines.value().clear();
  ArgumentIo io("42");
  BOOST_TEST((m.await(engine->invoke(path + ".Pay", &io)).error().code == Code::closed));
  BOOST_TEST(ledger->closed == 1U);
}

// T-EF-4, schema without code.
BOOST_AUTO_TEST_CASE(every_declared_extension_without_function_is_listed) {
  BuiltinRegistry registry;
  registry.add(app, path, "Pay", echo);
  const Status status = check_builtins(registry,
                                       request_of({{path, "Pay", ExtensionKind::command},
                                                   {path, "Refund", ExtensionKind::command},
                                                   {path, "Menu", ExtensionKind::query}}));
  BOOST_REQUIRE(status.has_error());
  BOOST_TEST((status.error().code == Code::extension_in_schema_not_in_code));
  BOOST_TEST(status.error().what ==
             "acme/pos: declared without function: " + path + ".Menu, " + path + ".Refund");
}

// T-EF-4, code without schema: the application's functions, and the stateless ones of its packages.
BOOST_AUTO_TEST_CASE(every_function_without_declaration_is_listed) {
  BuiltinRegistry registry;
  registry.add(app, path, "Pay", echo);
  registry.add(app, "example.com/unused", "Ghost", echo);
  registry.add_stateless(path, "Print", echo);
  registry.add_stateless("example.com/library", "NotImported", echo);
  const Status status =
      check_builtins(registry, request_of({{path, "Pay", ExtensionKind::command}}));
  BOOST_REQUIRE(status.has_error());
  BOOST_TEST((status.error().code == Code::extension_in_code_not_in_schema));
  BOOST_TEST(status.error().what ==
             "acme/pos: function without declaration: "
             "example.com/unused.Ghost, " +
                 path + ".Print");
}

BOOST_AUTO_TEST_CASE(violations_of_both_directions_stand_in_one_error) {
  BuiltinRegistry registry;
  registry.add(app, path, "Old", echo);
  const Status status =
      check_builtins(registry, request_of({{path, "New", ExtensionKind::command}}));
  BOOST_REQUIRE(status.has_error());
  BOOST_TEST(status.error().what == "acme/pos: declared without function: " + path +
                                        ".New; function without declaration: " + path + ".Old");
}

Task<Result<Bytes>> name_back(std::string full_name, ExtensionIo* /*io*/) { co_return full_name; }

BOOST_AUTO_TEST_CASE(a_package_function_answers_for_what_has_no_function_of_its_own) {
  TestMachine m;
  auto registry = std::make_shared<BuiltinRegistry>();
  registry->add(app, path, "Pay", echo);
  registry->add_package(path, name_back);
  BOOST_TEST(invoke(m, registry, "Pay").value() == "echo 42");
  BOOST_TEST(invoke(m, registry, "Refund").value() == path + ".Refund");
  BuiltinFactory factory(registry);
  BOOST_TEST(factory
                 .validate(request_of({{path, "Pay", ExtensionKind::command},
                                       {path, "Refund", ExtensionKind::command}}))
                 .has_value());
  const std::string longer = path + ".com/more";
  const Status other = factory.validate(
      request_of({{path, "Pay", ExtensionKind::command}, {longer, "Tip", ExtensionKind::command}}));
  BOOST_TEST((other.error().code == Code::extension_in_schema_not_in_code));
  registry->add_fallback(name_back);
  BOOST_TEST(factory.validate(request_of({{longer, "Tip", ExtensionKind::command}})).has_value() ==
             false);  // Pay has no declaration there
  BOOST_TEST(invoke(m, registry, "com/more.Tip").value() == path + ".com/more.Tip");
}

BOOST_AUTO_TEST_CASE(extensions_of_other_engines_need_no_function) {
  const BuiltinRegistry registry;
  const Status status = check_builtins(
      registry, request_of({{path, "Pay", ExtensionKind::command, EngineKind::wasm}}));
  BOOST_TEST(status.has_value());
}

// T-RT-4: all 4 x 5 pairs; the projectors are two extension kinds.
BOOST_AUTO_TEST_CASE(each_extension_kind_runs_in_exactly_one_processor_kind) {
  const auto only_in = [](ExtensionKind extension) {
    std::vector<std::string_view> names;
    for (const ProcessorKind kind : all_processor_kinds) {
      if (compatible(kind, extension)) {
        names.push_back(processor_name(kind));
      }
    }
    return names.size() == 1 ? names.front() : "several or none";
  };
  BOOST_TEST(only_in(ExtensionKind::command) == "command");
  BOOST_TEST(only_in(ExtensionKind::projector_sync) == "command");
  BOOST_TEST(only_in(ExtensionKind::query) == "query");
  BOOST_TEST(only_in(ExtensionKind::projector_async) == "actualizer");
  BOOST_TEST(only_in(ExtensionKind::job) == "scheduler");
}
