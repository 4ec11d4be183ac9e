// Markup of the static parts; the chart is drawn by the scripts of sim/report/page.
#include "sim/report/page.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sim/report/page/parts.hpp"
#include "sim/report/run_json.hpp"
#include "sim/report/terminal.hpp"
#include "sim/report/text.hpp"
#include "sim/report/time_scale.hpp"
#include "sim/report/timeline.hpp"

namespace vvm::report {
namespace {

namespace json = boost::json;

constexpr std::size_t all_lines_max = 3'000;  // of the table of everything

// JSON inside a script element: no `<` may end it.
std::string script_safe(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      out.append("\\u003c");
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string fact(std::string_view name, std::string_view value) {
  return value.empty() ? std::string{}
                       : fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, markup_escaped(value));
}

std::string chip(std::string_view name, std::string_view value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, markup_escaped(value));
}

std::string command_html(const RunCase& run) {
  return fmt::format(
      "<div class=\"command\"><span class=\"dim\">replay</span><code>{}</code>"
      "<button type=\"button\" data-copy>Copy</button></div>\n",
      markup_escaped(replay_command(run)));
}

std::string lines_table(const std::vector<TimelineLine>& lines) {
  std::string out =
      "<table><thead><tr><th class=\"num\">time</th><th>who</th><th>what</th></tr></thead>"
      "<tbody>\n";
  for (const TimelineLine& line : lines) {
    out += fmt::format(
        "<tr class=\"{}\" data-at=\"{}\"><td class=\"time\">{}</td><td class=\"who\">{}</td>"
        "<td>{}</td></tr>\n",
        name_of(line.mark),
        line.at.ns,
        moment_text(line.at),
        markup_escaped(line.who),
        markup_escaped(line.what));
  }
  return out + "</tbody></table>\n";
}

std::string header_html(const RunCase& run) {
  const Outcome outcome = outcome_of(run);
  std::string out = fmt::format(
      "<div class=\"top\"><span class=\"badge {0}\">{0}</span><div><h1>{1} "
      "<span class=\"dim\">seed {2}</span></h1>\n",
      name_of(outcome),
      markup_escaped(run.scenario),
      run.seed);
  if (!run.doc.empty()) {
    std::string doc = run.doc;
    std::replace(doc.begin(), doc.end(), '\n', ' ');
    out += fmt::format("<p>{}</p>\n", markup_escaped(doc));
  }
  out += "</div><button type=\"button\" id=\"theme\" class=\"screen\">Dark</button></div>\n";
  const ghost::RunFigures& figures = run.result.figures;
  const FaultCount faults = faults_of(run);
  out += "<dl class=\"chips\">\n" +
         chip("virtual time", short_duration({figures.virtual_time.ns})) +
         chip("wall time", short_duration({run.wall_ns})) +
         chip("events", thousands(figures.steps)) + chip("effects", thousands(figures.effects));
  if (faults.planned > 0) {
    out += chip("faults that took effect",
                fmt::format("{} of {}", thousands(faults.took_effect), thousands(faults.planned)));
  }
  return out + chip("trace", fmt::format("{:016x}", run.result.trace_hash)) + "</dl>\n";
}

std::string failure_html(const RunCase& run) {
  const Outcome outcome = outcome_of(run);
  if (outcome == Outcome::held) {
    return {};
  }
  std::string out = fmt::format("<section class=\"card {}\" id=\"failure\">\n<h2>{}</h2>\n",
                                outcome == Outcome::unknown ? "doubt" : "failed",
                                markup_escaped(reason_of(run)));
  out += "<div class=\"split\"><div>\n<dl class=\"facts\">\n";
  for (const std::string_view line : lines_of(run.broken)) {
    out += fact("cause", line);
  }
  if (run.result.violation.has_value()) {
    const ghost::Violation& violation = *run.result.violation;
    out += fact("where", violation.line > 0 ? "" : violation.subject);
    out += fact("when", moment_text(violation.at));
    out += fact("step", violation.step > 0 ? thousands(violation.step) : "");
    out += fact("line", violation.line > 0 ? fmt::format("{}:{}", run.file, violation.line) : "");
    out += fact("expected", violation.expected) + fact("seen", violation.seen);
  }
  for (const std::string& doubt : run.result.doubts) {
    out += fact("unknown", doubt);
  }
  if (run.repetition.has_value() && !run.repetition->same) {
    out += fact("differs", fmt::format("record {} of the trace", run.repetition->record));
    out += fact("first run", run.repetition->first) + fact("second run", run.repetition->second);
  }
  out += "</dl>\n" + command_html(run) + "</div>\n";
  if (run.result.violation.has_value()) {
    out += "<div class=\"scroll\" id=\"around\">\n" +
           lines_table(around(run.result.history, *run.result.violation)) + "</div>\n";
  }
  return out + "</div></section>\n";
}

std::string chart_html() {
  return R"(<section class="card long" id="chart-card">
<div class="tools">
<h2 id="chart-title">Lanes over virtual time</h2>
<button type="button" id="squeeze" aria-pressed="false" title="s">Squeeze idle time</button>
<button type="button" id="out" title="-" aria-label="zoom out">&minus;</button>
<button type="button" id="in" title="+" aria-label="zoom in">+</button>
<button type="button" id="whole" title="0">Whole run</button>
<button type="button" id="previous" title="[">&larr; mark</button>
<button type="button" id="next" title="]">mark &rarr;</button>
<span class="space"></span>
<input type="search" id="filter" placeholder="filter lanes: vvm2, pos/3" aria-label="filter lanes">
<button type="button" id="rows" title="r">Thin rows</button>
<button type="button" id="help" title="?">Keys</button>
</div>
<noscript>The chart needs a script that this page carries; the tables below do not.</noscript>
<div class="chart" id="chart" tabindex="0" role="application" aria-labelledby="chart-title"
 aria-describedby="details"></div>
<div id="details" aria-live="polite"></div>
<div class="legend" id="legend"></div>
</section>
)";
}

std::string faults_html(const RunCase& run) {
  if (run.result.faults.empty()) {
    return {};
  }
  std::string out =
      "<section class=\"card\"><h2>Faults: planned and in effect</h2><div class=\"scroll\"><table>"
      "<thead><tr><th>fault</th><th>chosen by</th><th class=\"num\">planned</th>"
      "<th class=\"num\">came</th><th class=\"num\">effects</th></tr></thead><tbody>\n";
  for (const ghost::FaultOutcome& fault : run.result.faults) {
    out += fmt::format(
        "<tr class=\"{}\"><td>{}</td><td>{}{}</td><td class=\"num\">{}</td>"
        "<td class=\"num\">{}</td><td class=\"num\">{}</td></tr>\n",
        fault.effects > 0 ? "" : "idle",
        markup_escaped(fault.text),
        fault.scripted ? fmt::format("line {}", fault.line) : std::string{"the seed"},
        fault.optional ? ", optional" : "",
        thousands(fault.planned),
        thousands(fault.applied),
        fault.effects > 0 ? thousands(fault.effects) : "touched nothing");
  }
  return out + "</tbody></table></div></section>\n";
}

std::string expectations_html(const RunCase& run) {
  std::string out;
  if (!run.result.expectations.empty()) {
    out +=
        "<section class=\"card\"><h2>Expectations</h2><div class=\"scroll\"><table><thead><tr>"
        "<th></th><th>expectation</th><th>decided</th><th class=\"num\">looked at</th></tr></thead>"
        "<tbody>\n";
    for (const ghost::ExpectationOutcome& expectation : run.result.expectations) {
      const bool decided = expectation.decided_at.has_value();
      const Fulfilment fulfilment = fulfilment_of(run, expectation);
      out += fmt::format(
          "<tr class=\"{}\"><td>{}</td><td>{}{}</td><td>{}</td><td class=\"num\">{}</td></tr>\n",
          fulfilment == Fulfilment::met       ? ""
          : fulfilment == Fulfilment::not_met ? "moment"
                                              : "idle",
          name_of(fulfilment),
          markup_escaped(expectation.text),
          expectation.seen.empty() ? "" : ": " + markup_escaped(expectation.seen),
          decided ? moment_text(*expectation.decided_at) : "",
          thousands(expectation.evaluations));
    }
    out += "</tbody></table></div></section>\n";
  }
  if (!run.result.properties.empty()) {
    out +=
        "<details class=\"card long\"><summary>Properties</summary><div class=\"scroll\"><table>"
        "<thead><tr><th>property</th><th></th><th class=\"num\">looked at</th></tr></thead>"
        "<tbody>\n";
    for (const ghost::PropertyCount& property : run.result.properties) {
      out += fmt::format("<tr class=\"{}\"><td>{}</td><td>{}</td><td class=\"num\">{}</td></tr>\n",
                         property.evaluations > 0 ? "" : "idle",
                         markup_escaped(property.id),
                         markup_escaped(property.title),
                         thousands(property.evaluations));
    }
    out += "</tbody></table></div></details>\n";
  }
  return out;
}

std::string loads_html(const RunCase& run) {
  if (run.result.loads.empty()) {
    return {};
  }
  std::string out =
      "<section class=\"card\"><h2>Loads</h2><div class=\"scroll\"><table><thead><tr>"
      "<th>load</th><th class=\"num\">calls</th><th class=\"num\">served</th>"
      "<th class=\"num\">refused</th><th class=\"num\">failed</th></tr></thead><tbody>\n";
  for (const ghost::LoadOutcome& load : run.result.loads) {
    out += fmt::format(
        "<tr><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td>"
        "<td class=\"num\">{}</td><td class=\"num\">{}</td></tr>\n",
        markup_escaped(load.name),
        thousands(load.calls),
        thousands(load.served),
        thousands(load.refused),
        thousands(load.failed));
  }
  return out + "</tbody></table></div></section>\n";
}

std::string everything_html(const RunCase& run) {
  std::vector<TimelineLine> lines = timeline(run.result.history);
  if (lines.empty()) {
    return {};
  }
  const std::size_t all = lines.size();
  lines.resize(std::min(all, all_lines_max));
  std::string out = fmt::format(
      "<details class=\"card long\" id=\"everything\"><summary>All that happened ({} lines)"
      "</summary><div class=\"tall\">\n{}",
      thousands(all),
      lines_table(lines));
  if (all > lines.size()) {
    out += fmt::format("<p class=\"dim\">The first {}; --json has the rest.</p>",
                       thousands(lines.size()));
  }
  if (run.result.history.notes_dropped > 0) {
    out += fmt::format("<p class=\"dim\">{} notes were counted and not kept.</p>",
                       thousands(run.result.history.notes_dropped));
  }
  return out + "</div></details>\n";
}

// "took" and "none" for lines of faults, "broke" for that of the violation.
std::string_view line_class(const RunCase& run, int line) {
  if (run.result.violation.has_value() && run.result.violation->line == line) {
    return "broke";
  }
  for (const ghost::FaultOutcome& fault : run.result.faults) {
    if (fault.line == line) {
      return fault.effects > 0 ? "took" : "none";
    }
  }
  return "";
}

std::string source_html(const RunCase& run, std::string_view source) {
  if (source.empty()) {
    return {};
  }
  std::string out = fmt::format(
      "<details class=\"card long\" id=\"source\"><summary>{}</summary>"
      "<pre class=\"source mono\">",
      markup_escaped(run.file));
  int number = 0;
  for (const std::string_view line : lines_of(source)) {
    std::string text{line};
    std::replace(text.begin(), text.end(), '\t', ' ');
    out += fmt::format(
        "<span class=\"{}\">{}</span>", line_class(run, ++number), markup_escaped(text));
  }
  return out + "</pre></details>\n";
}

std::string data_json(const RunCase& run) {
  const std::vector<Knot> knots = squeezed_scale(active_moments(run.result.history));
  json::array places;
  for (const Knot& knot : knots) {
    places.push_back(json::array{knot.at.ns, knot.place});
  }
  const json::object data{
      {"run", run_json(run)}, {"knots", std::move(places)}, {"squeeze", worth_squeezing(knots)}};
  return script_safe(json::serialize(data));
}

std::string document(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      markup_escaped(title),
      page::style(),
      body);
}

}  // namespace

std::string run_page(const RunCase& run, const PageExtras& extras) {
  std::string body = "<main>\n" + header_html(run) + failure_html(run);
  body += chart_html() + faults_html(run) + expectations_html(run) + loads_html(run);
  body += everything_html(run);
  body += source_html(run, extras.source);
  if (outcome_of(run) == Outcome::held) {
    body += command_html(run);
  }
  body += fmt::format("<p class=\"dim\">{}</p>\n</main>\n", markup_escaped(extras.program));
  body +=
      fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n", data_json(run));
  body += fmt::format("<script>\n{}{}{}{}</script>\n",
                      page::scale_script(),
                      page::model_script(),
                      page::chart_script(),
                      page::page_script());
  return document(fmt::format("{} {} seed {}", name_of(outcome_of(run)), run.scenario, run.seed),
                  body);
}

std::string index_page(const Campaign& campaign, const std::vector<std::string>& pages) {
  std::string body =
      "<main>\n<h1>vvm run</h1>\n<section class=\"card\"><div class=\"scroll\"><table><thead><tr>"
      "<th>scenario</th><th class=\"num\">seed</th><th>verdict</th><th></th>"
      "<th class=\"num\">virtual</th><th class=\"num\">events</th><th class=\"num\">faults</th>"
      "</tr></thead><tbody>\n";
  for (std::size_t i = 0; i < campaign.runs.size(); ++i) {
    const RunCase& run = campaign.runs[i];
    const Outcome outcome = outcome_of(run);
    const FaultCount faults = faults_of(run);
    const std::string name = markup_escaped(run.file);
    const std::string page = i < pages.size() ? markup_escaped(pages[i]) : std::string{};
    body += fmt::format(
        "<tr><td>{}</td><td class=\"num\">{}</td><td><span class=\"badge {}\">{}</span></td>"
        "<td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}/{}</td>"
        "</tr>\n",
        page.empty() ? name : fmt::format("<a href=\"{}\">{}</a>", page, name),
        run.seed,
        name_of(outcome),
        name_of(outcome),
        outcome == Outcome::held ? std::string{} : markup_escaped(reason_of(run)),
        short_duration({run.result.figures.virtual_time.ns}),
        thousands(run.result.figures.steps),
        faults.took_effect,
        faults.planned);
  }
  body += "</tbody></table></div></section>\n</main>\n";
  return document("vvm run", body);
}

}  // namespace vvm::report
