// Schema seeds: the texts from which fuzzing starts, made anew each time from what is there.
//
// Applications of the scenarios, cases of the compiler's tests, generated applications, the corpus
// where it is present, and every input that once found an error (regress/). Reads files; gives the
// same list for the same files. Owned by properties/fuzz.
#pragma once

#include <string>
#include <vector>

namespace vvm::fuzz {

struct Seed {
  std::string name;  // of a file: "scenarios-pos-v1"
  std::string text;  // schema_text.hpp
};

struct Origins {
  std::string root;    // of this tree
  std::string corpus;  // third-party schemas; may be absent
};

// At most input_bytes_max octets each: what is larger gives its files one by one, or nothing.
std::vector<Seed> seeds(const Origins& origins);

}  // namespace vvm::fuzz
