// Writes the views of the sample runs into a folder: for the browser test, the pictures of the
// documentation, and for looking at a change of the page.
//
// usage: render_samples DIR
#include <fstream>
#include <string>

#include "sim/report/junit.hpp"
#include "sim/report/page.hpp"
#include "sim/report/run_json.hpp"
#include "sim/report/terminal.hpp"
#include "sim/report/testing/sample_runs.hpp"

namespace {

bool write(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  return static_cast<bool>(file.flush());
}

std::string terminal(const vvm::report::Campaign& campaign) {
  const vvm::report::TerminalStyle style{.colour = vvm::report::Colour::on};
  std::string out = vvm::report::campaign_table(campaign, style);
  for (const std::size_t run : vvm::report::telling_runs(campaign, 4)) {
    out += "\n" + vvm::report::failure_text(campaign.runs[run], style);
  }
  return out + "\n" + vvm::report::campaign_totals(campaign, style);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace vvm::report;
  if (argc != 2) {
    return 3;
  }
  const std::string dir = std::string{argv[1]} + "/";
  const PageExtras extras{.source = "format = 1\n[scenario]\nname = \"rollout-under-faults\"\n",
                          .program = "vvm, sample"};
  const bool written = write(dir + "held.html", run_page(held_run(), extras)) &&
                       write(dir + "failed.html", run_page(failed_run(), extras)) &&
                       write(dir + "unknown.html", run_page(unknown_run(), extras)) &&
                       write(dir + "broken.html", run_page(broken_run(), extras)) &&
                       write(dir + "hostile.html", run_page(hostile_run(), extras)) &&
                       write(dir + "index.html", index_page(sample_campaign(), {"held.html"})) &&
                       write(dir + "campaign.json", campaign_json(sample_campaign())) &&
                       write(dir + "campaign.xml", campaign_junit(sample_campaign())) &&
                       write(dir + "campaign.txt", terminal(sample_campaign()));
  return written ? 0 : 4;
}
