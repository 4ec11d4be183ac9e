// Workspaces of tables, types, views, extensions and grants, until there is enough.
#include "schema/generate.hpp"

#include <array>
#include <string>

#include "base/rng.hpp"

namespace vvm::schema {
namespace {

constexpr std::size_t file_bytes = std::size_t{512} << 10U;

constexpr std::string_view sys_text = R"(-- System package of generated applications
ABSTRACT WORKSPACE Workspace (
	ABSTRACT TABLE CRecord();
	ABSTRACT TABLE WRecord();
	ABSTRACT TABLE ORecord();
	ABSTRACT TABLE CDoc INHERITS CRecord();
	ABSTRACT TABLE WDoc INHERITS WRecord();
	ABSTRACT TABLE ODoc INHERITS ORecord();
	ABSTRACT TABLE CSingleton INHERITS CDoc();
	ABSTRACT TABLE WSingleton INHERITS WDoc();
	TABLE BLOB INHERITS WDoc (status int32 NOT NULL);
);
EXTENSION ENGINE BUILTIN (
	STORAGE Record (
		GET SCOPE(COMMANDS, QUERIES, PROJECTORS, JOBS),
		INSERT SCOPE(COMMANDS), UPDATE SCOPE(COMMANDS)
	) ENTITY RECORD;
	STORAGE View (
		GET SCOPE(COMMANDS, QUERIES, PROJECTORS, JOBS), READ SCOPE(QUERIES, PROJECTORS, JOBS),
		INSERT SCOPE(PROJECTORS, JOBS), UPDATE SCOPE(PROJECTORS, JOBS)
	) ENTITY VIEW;
	STORAGE SendMail (INSERT SCOPE(PROJECTORS, JOBS))
);
)";

constexpr std::array<std::string_view, 24> nouns{
    "Article", "Order",   "Payment", "Invoice", "Customer", "Category", "Price",   "Table",
    "Waiter",  "Printer", "Kitchen", "Recipe",  "Stock",    "Supplier", "Shift",   "Discount",
    "Voucher", "Menu",    "Course",  "Reserve", "Account",  "Ledger",   "Receipt", "Terminal"};
constexpr std::array<std::string_view, 16> fields{"Name",
                                                  "Number",
                                                  "Code",
                                                  "Comment",
                                                  "Amount",
                                                  "Quantity",
                                                  "CreatedAt",
                                                  "ChangedAt",
                                                  "Status",
                                                  "Kind",
                                                  "Total",
                                                  "TaxRate",
                                                  "Position",
                                                  "Colour",
                                                  "Email",
                                                  "Active"};
constexpr std::array<std::string_view, 12> types{"int32",
                                                 "int64",
                                                 "varchar",
                                                 "varchar(50)",
                                                 "bool",
                                                 "currency",
                                                 "timestamp",
                                                 "float64",
                                                 "int16",
                                                 "text(1024)",
                                                 "bytes",
                                                 "qname"};

class Generator {
 public:
  Generator(std::size_t bytes, std::uint64_t seed) : bytes_(bytes), rng_(seed) {}

  std::vector<PackageText> run() {
    PackageText app{.path = "example.com/generated/app", .files = {}};
    text_ = "-- Generated\n\nAPPLICATION generated();\n\n";
    while (total_ + text_.size() < bytes_ || workspaces_ == 0) {
      workspace();
      if (text_.size() >= file_bytes) {
        close_file(&app);
      }
    }
    close_file(&app);
    return {{.path = "sys", .files = {{.name = "sys.vsql", .text = std::string{sys_text}}}},
            std::move(app)};
  }

 private:
  void close_file(PackageText* app) {
    if (text_.empty()) {
      return;
    }
    std::string number = std::to_string(app->files.size());
    number.insert(0, 4 - std::min<std::size_t>(4, number.size()), '0');
    total_ += text_.size();
    app->files.push_back({.name = "part" + number + ".vsql", .text = std::move(text_)});
    text_.clear();
  }

  template <std::size_t size>
  std::string_view any(const std::array<std::string_view, size>& list) {
    return list[rng_.below(size)];
  }

  std::string name(std::string_view noun) { return std::string{noun} + std::to_string(++names_); }

  void field_list(int count, std::string_view indent) {
    for (int i = 0; i < count; ++i) {
      if (rng_.chance({.num = 1, .den = 6})) {
        text_.append(indent).append("-- what it says on the screen\n");
      }
      text_.append(indent).append(any(fields)).append(std::to_string(i)).append(" ");
      text_.append(any(types));
      text_.append(rng_.chance({.num = 1, .den = 4}) ? " NOT NULL" : "");
      text_.append(i + 1 < count ? ",\n" : "");
    }
  }

  // The name of the table; `base` is sys.CDoc and the like.
  std::string table(std::string_view base, const std::string& reference) {
    const std::string table_name = "Tbl" + name(any(nouns));
    text_.append("\t-- ").append(any(nouns)).append(" as the back office sees it\n");
    text_.append("\tTABLE ").append(table_name).append(" INHERITS ").append(base).append(" (\n");
    field_list(static_cast<int>(rng_.between(std::int64_t{4}, 14)), "\t\t");
    if (!reference.empty()) {
      text_.append(",\n\t\tOwner ref(").append(reference).append(")");
    }
    if (rng_.chance({.num = 1, .den = 3})) {
      text_.append(",\n\t\tLines TABLE ").append(name("Line")).append(" (\n");
      field_list(static_cast<int>(rng_.between(std::int64_t{2}, 6)), "\t\t\t");
      text_.append("\n\t\t)");
    }
    text_.append(",\n\t\tKey1 int64,\n\t\tUNIQUE (Key1)\n\t) WITH Tags=(").append(tag_);
    text_.append(");\n\n");
    return table_name;
  }

  void view(const std::string& view_name, const std::string& projector) {
    text_.append("\tVIEW ").append(view_name).append(" (\n\t\tYear int32,\n\t\tMonth int32,\n");
    text_.append("\t\tTotal int64 NOT NULL,\n\t\tLast ref,\n");
    text_.append("\t\tPRIMARY KEY ((Year), Month)\n\t) AS RESULT OF ").append(projector);
    text_.append(";\n\n");
  }

  void workspace() {
    ++workspaces_;
    tag_ = name("Tag");
    const std::string role = name("Role");
    text_.append("WORKSPACE ").append(name("Ws")).append(" (\n");
    text_.append("\tDESCRIPTOR (\n\t\tTitle varchar(80)\n\t);\n");
    text_.append("\tTAG ").append(tag_).append(" FEATURE 'Back office';\n");
    text_.append("\tROLE ").append(role).append(";\n");
    std::string last;
    for (int i = 0; i < 8; ++i) {
      const bool document = i % 4 == 3;
      const std::string next = table(document ? "sys.ODoc" : "sys.CDoc", document ? "" : last);
      last = document ? last : next;
    }
    const std::string type_name = name("Params");
    text_.append("\tTYPE ").append(type_name).append(" (\n");
    field_list(6, "\t\t");
    text_.append("\n\t);\n\n");
    const std::string view_name = name("View");
    const std::string projector = name("Project");
    view(view_name, projector);
    text_.append("\tEXTENSION ENGINE BUILTIN (\n\t\tCOMMAND ").append(name("Cmd")).append("(");
    text_.append(type_name).append(") STATE(sys.Record(").append(last).append("));\n");
    text_.append("\t\tQUERY ").append(name("Qry")).append("(").append(type_name);
    text_.append(") RETURNS any;\n\t\tSYNC PROJECTOR ").append(projector);
    text_.append(" AFTER INSERT OR UPDATE ON ").append(last).append(" INTENTS(sys.View(");
    text_.append(view_name).append("));\n\t);\n");
    text_.append("\tGRANT SELECT ON ALL TABLES WITH TAG ").append(tag_).append(" TO ");
    text_.append(role).append(";\n\tGRANT INSERT, UPDATE ON TABLE ").append(last);
    text_.append(" TO ").append(role).append(";\n);\n\n");
  }

  std::size_t bytes_;
  Rng rng_;
  std::string text_;
  std::string tag_;
  std::size_t total_ = 0;
  std::uint64_t names_ = 0;
  std::uint64_t workspaces_ = 0;
};

}  // namespace

std::vector<PackageText> generate(std::size_t bytes, std::uint64_t seed) {
  return Generator(bytes, seed).run();
}

}  // namespace vvm::schema
