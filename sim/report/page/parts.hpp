// The files of this folder as text: style and scripts of the pages.
//
// sim/report/page.cpp puts them into every page, so that a page needs nothing else. embed.py makes
// the definitions when the program is built.
#pragma once

#include <string_view>

namespace vvm::report::page {

std::string_view style();
std::string_view scale_script();
std::string_view model_script();
std::string_view chart_script();
std::string_view page_script();

}  // namespace vvm::report::page
