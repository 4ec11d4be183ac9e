// Scenario files: text and values are two forms of one thing, and the reader takes any text calmly.
#define BOOST_TEST_MODULE scenario_prop
#include <algorithm>

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

#include "properties/gen/scenario_gen.hpp"
#include "sim/scenario/format.hpp"
#include "sim/scenario/reader.hpp"
#include "sim/scenario/writer.hpp"

using namespace vvm;
using namespace vvm::gen;
using scenario::Diagnostics;
using scenario::Scenario;

namespace rc {

template <>
struct Arbitrary<AnyScenario> {
  static Gen<AnyScenario> arbitrary() { return any_scenario(); }
};

}  // namespace rc

namespace {

Scenario read_back(const std::string& text) {
  auto result = scenario::read(text, scenario_vocabulary());
  if (const auto* errors = std::get_if<Diagnostics>(&result)) {
    RC_FAIL(scenario::render(*errors, "written", text));
  }
  return std::get<Scenario>(std::move(result));
}

// A text with one place changed.
struct Damage {
  std::uint32_t at = 0;
  std::uint32_t erase = 0;
  std::string insert;
};

std::string damaged(std::string text, const Damage& damage) {
  const std::size_t at = damage.at % text.size();
  return text.replace(at, damage.erase, damage.insert);
}

rc::Gen<std::string> any_insert() {
  return rc::gen::element<std::string>("",
                                       "\"",
                                       "'",
                                       "\n",
                                       "{",
                                       "}",
                                       "[",
                                       "]",
                                       ",",
                                       "=",
                                       "#",
                                       "x",
                                       "9",
                                       "(",
                                       ")",
                                       "/",
                                       "*",
                                       "\\",
                                       "\xFF",
                                       "\xC3\xA9",
                                       " = 1\n",
                                       "\"\"\"");
}

std::uint32_t lines_of(const std::string& text) {
  return static_cast<std::uint32_t>(1 + std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

// read(write(s)) == s: nothing that a scenario says is lost or changed on its way through a file.
RC_BOOST_PROP(what_is_written_is_read_back, (const AnyScenario& any)) {
  const std::string text = scenario::write(any.value);
  const Scenario back = read_back(text);
  RC_ASSERT(scenario::write(back) == text);
  RC_ASSERT(back == any.value);
  RC_TAG(any.value.steps.size() > 3 ? "many steps" : "few steps");
}

// Formatting changes no meaning, and formatting twice changes nothing more.
RC_BOOST_PROP(formatting_keeps_the_meaning, (const AnyScenario& any)) {
  const std::string text = scenario::write(any.value);
  const std::string once = scenario::format(text, read_back(text));
  const Scenario back = read_back(once);
  RC_ASSERT(back == any.value);
  RC_ASSERT(scenario::format(once, back) == once);
}

// Whatever the text: a scenario that survives its own text, or errors that stand in the file, in
// its order.
RC_BOOST_PROP(any_text_is_judged, (const AnyScenario& any)) {
  std::string text = scenario::write(any.value);
  const auto count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    text = damaged(std::move(text),
                   {.at = *rc::gen::inRange<std::uint32_t>(0, 1'000'000),
                    .erase = *rc::gen::inRange<std::uint32_t>(0, 12),
                    .insert = *any_insert()});
  }
  const auto result = scenario::read(text, scenario_vocabulary());
  if (const auto* found = std::get_if<Scenario>(&result)) {
    RC_ASSERT(read_back(scenario::write(*found)) == *found);
    return;
  }
  const Diagnostics& errors = std::get<Diagnostics>(result);
  RC_ASSERT(!errors.empty());
  for (std::size_t i = 0; i < errors.size(); ++i) {
    RC_ASSERT(errors[i].place.line >= 1U);
    RC_ASSERT(errors[i].place.line <= lines_of(text));
    RC_ASSERT(errors[i].place.column >= 1U);
    RC_ASSERT((i == 0 || errors[i - 1].place.line <= errors[i].place.line));
  }
  RC_ASSERT(!scenario::render(errors, "damaged", text).empty());
}
