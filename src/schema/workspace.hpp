// Workspace: compilations of the same packages, one after the other, that share what did not
// change.
//
// Keeps the syntax tree of each file; a file whose text is what it was is not parsed again. Also
// keeps what people want to see of the last compilation. Owned by whoever compiles; compile() of
// schema.hpp uses one once. Not thread-safe, not copyable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schema/bound.hpp"
#include "schema/parse.hpp"
#include "schema/schema.hpp"

namespace vvm::schema {

// What a dump shows of a compilation on its way.
enum class Form : std::uint8_t { tokens, tree, bound };

struct Dumped {
  std::string text;
  Compiled compiled;
};

class Workspace {
 public:
  Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace();

  Compiled compile(const std::vector<PackageText>& packages, const Options& options = {});

  // Compiles, and what that made of each file, or of all packages. A file with syntax errors has
  // the tree of what could be read; the bound form is empty then, and as far as linking got else.
  Dumped dump(const std::vector<PackageText>& packages, Form form, const Options& options = {});

  // Of the last compilation, for people: all syntax errors of each file, nothing twice, in source
  // order. Empty exactly when it succeeded.
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

  const SourceMap& sources() const { return *sources_; }

  // How many files the last compilation had to parse.
  std::size_t files_parsed() const { return files_parsed_; }

 private:
  using Key = std::pair<std::string, std::string>;  // path of the package, name of the file

  // A compilation under way.
  struct Run {
    const Options& options;
    Report report{};
    Stage stage = Stage::parse;
    std::vector<PackageTrees> trees{};
    bool wants_bound = false;
    std::string bound{};  // its dump

    // Whether there is a stage after this one to go on with.
    bool goes_on(Stage next);
  };

  const Parsed& parsed(const std::string& path, const SourceText& file);
  void forget_if_full();
  bool check_sizes(const std::vector<PackageText>& packages, Report* report);
  bool parse_all(const std::vector<PackageText>& packages, Run* run);
  std::shared_ptr<const appdef::AppDef> stages(const std::vector<PackageText>& packages, Run* run);
  static std::shared_ptr<const appdef::AppDef> bound_stages(Bound* bound, Run* run);
  Compiled finish(const std::vector<PackageText>& packages, Run* run);
  void keep_for_people(const std::vector<PackageText>& packages, const Report& report);

  std::unique_ptr<SourceMap> sources_;
  std::unique_ptr<Names> names_;
  std::map<Key, Parsed> known_;
  // Of this compilation: packages may have the same path, and a tree that was taken stays in use.
  std::vector<std::unique_ptr<FileTree>> replaced_;
  TokenBuffer tokens_;
  std::vector<Diagnostic> diagnostics_;
  std::size_t files_parsed_ = 0;
};

}  // namespace vvm::schema
