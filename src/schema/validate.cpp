// One workspace after the other, by name: its types by name, then its rules.
#include "schema/validate.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "schema/cron.hpp"

namespace vvm::schema {
namespace {

using appdef::Filter;
using appdef::SetOf;
using appdef::Type;
using appdef::TypeKind;

std::string shown(const Type& type) {
  const std::string kind{name_of(type.kind)};
  const std::string engine =
      type.extension() == nullptr ? "" : std::string{name_of(type.extension()->engine)} + "-";
  return engine + kind + " «" + type.name.str() + "»";
}

class Validator {
 public:
  Validator(const appdef::AppDef& app_def, Report* report)
      : app_def_(app_def),
        report_(report),
        first_tagged_(app_def.types().size() + 1),
        own_kinds_(app_def.types().size()),
        seen_by_(app_def.types().size()) {
    sys_workspace_ = app_def.find("sys", "Workspace");
    has_blob_ = app_def.find("sys", "BLOB") != nullptr;
    for (const Type* type : app_def.types()) {
      for (const Type* tag : type->tags) {
        ++first_tagged_[tag->index + 1];
      }
      if (type->workspace != nullptr) {
        own_kinds_[type->workspace->index].add(type->kind);
      }
    }
    std::partial_sum(first_tagged_.begin(), first_tagged_.end(), first_tagged_.begin());
    tagged_.resize(first_tagged_.back());
    std::vector<std::uint32_t> ends(first_tagged_.begin(), first_tagged_.end() - 1);
    for (const Type* type : app_def.types()) {
      for (const Type* tag : type->tags) {
        tagged_[ends[tag->index]++] = type;
      }
    }
  }

  void run() {
    for (const Type* type : app_def_.types()) {
      if (type->kind == TypeKind::workspace) {
        workspace(*type);
      }
    }
  }

 private:
  void error(Rule rule, std::string text) { report_->add(rule, 0, std::move(text)); }

  // The workspaces whose types this one has: itself, its ancestors, and sys.Workspace.
  void workspace(const Type& ws) {
    ws_ = &ws;
    ++round_;
    kinds_ = {};
    const auto see = [this](const Type* each) {
      seen_by_[each->index] = round_;
      kinds_.bits |= own_kinds_[each->index].bits;
    };
    see(&ws);
    std::ranges::for_each(ws.info()->ancestors, see);
    if (sys_workspace_ != nullptr) {
      see(sys_workspace_);
    }
    for (const Type* type : ws.info()->types) {
      this->type(*type);
    }
    for (const appdef::AclRule& rule : ws.info()->acl) {
      acl(rule);
    }
  }

  bool sees(const Type& type) const {
    return type.workspace != nullptr && seen_by_[type.workspace->index] == round_;
  }

  // Is there a type of these kinds that the filter matches?
  bool has_match(const Filter& filter, SetOf<TypeKind> kinds) {
    const auto good = [this, kinds](const Type* type) {
      return kinds.has(type->kind) && sees(*type);
    };
    switch (filter.kind) {
      case Filter::Kind::names:
        return std::ranges::any_of(filter.names, good);
      case Filter::Kind::tags:
        return std::ranges::any_of(filter.names, [this, &good](const Type* tag) {
          const auto first = tagged_.begin();
          return std::any_of(
              first + first_tagged_[tag->index], first + first_tagged_[tag->index + 1], good);
        });
      case Filter::Kind::types: {
        const SetOf<TypeKind> there =
            filter.workspace == nullptr ? kinds_ : own_kinds_[filter.workspace->index];
        return (there.bits & filter.types.bits & kinds.bits) != 0;
      }
      case Filter::Kind::disjunction:
        return std::ranges::any_of(
            filter.parts, [this, kinds](const Filter& part) { return has_match(part, kinds); });
      case Filter::Kind::conjunction:
        break;
    }
    // Kinds narrow down what names or tags list; VSQL makes no other conjunctions.
    for (const Filter& part : filter.parts) {
      if (part.kind == Filter::Kind::types) {
        kinds.bits &= part.types.bits;
      }
    }
    return std::ranges::all_of(
        filter.parts, [this, kinds](const Filter& part) { return has_match(part, kinds); });
  }

  void no_match(Rule rule, const std::string& what, const std::string& filter) {
    error(rule,
          "not found: " + what + "filter «" + filter + "» has no matches in Workspace «" +
              ws_->name.str() + "»");
  }

  void acl(const appdef::AclRule& rule) {
    if (has_match(rule.filter, SetOf<TypeKind>{~std::uint32_t{0}})) {
      return;
    }
    std::string filter = rule.filter.str();
    if (!rule.fields.empty()) {
      filter += "[";
      for (std::size_t i = 0; i < rule.fields.size(); ++i) {
        filter.append(i == 0 ? "" : " ").append(rule.fields[i]);
      }
      filter += "]";
    }
    no_match(Rule::e707, "ACL ", filter);
  }

  void type(const Type& type) {
    switch (type.kind) {
      case TypeKind::command:
      case TypeKind::query:
        function(type);
        break;
      case TypeKind::projector:
        projector(type);
        break;
      case TypeKind::job:
        job(type);
        break;
      case TypeKind::limit:
        if (!has_match(type.limit()->filter, SetOf<TypeKind>{~std::uint32_t{0}})) {
          no_match(Rule::e708,
                   "Limit «" + type.name.str() + "» ",
                   (type.limit()->each ? "EACH " : "") + type.limit()->filter.str());
        }
        break;
      case TypeKind::view:
        if (type.view()->partition_key.empty()) {
          error(Rule::e709, "missed: ViewRecord «" + type.name.str() + "» partition key fields");
        }
        if (type.view()->clustering_columns.empty()) {
          error(Rule::e714,
                "missed: ViewRecord «" + type.name.str() + "» clustering columns fields");
        }
        break;
      default:
        if (type.structure() != nullptr) {
          structure(type);
        }
        break;
    }
  }

  void function(const Type& type) {
    const auto may_be_param = [](const Type* param) {
      return param == nullptr || param->kind == TypeKind::any || param->kind == TypeKind::odoc ||
             param->kind == TypeKind::object;
    };
    const appdef::ExtensionInfo& info = *type.extension();
    if (!may_be_param(info.param)) {
      error(
          Rule::e701,
          "not valid: parameter type «" + shown(*info.param) + "», should be ODoc, Object or Data");
    }
    if (!may_be_param(info.unlogged_param)) {
      error(Rule::e702,
            "not valid: unlogged parameter type «" + shown(*info.unlogged_param) +
                "», should be ODoc, Object or Data");
    }
    if (!may_be_param(info.result) && !is_document(info.result->kind)) {
      error(Rule::e703,
            "not valid: result type «" + shown(*info.result) +
                "», should be Document, Object or Data");
    }
  }

  void projector(const Type& type) {
    SetOf<TypeKind> triggers;
    for (unsigned i = 0; i < appdef::type_kinds; ++i) {
      const auto kind = static_cast<TypeKind>(i);
      if (is_table(kind) || kind == TypeKind::view || kind == TypeKind::object ||
          kind == TypeKind::command || kind == TypeKind::query) {
        triggers.add(kind);
      }
    }
    for (const appdef::Event& event : type.extension()->events) {
      if (!has_match(event.filter, triggers)) {
        no_match(Rule::e706, shown(type) + " ", event.filter.str());
      }
    }
  }

  void job(const Type& type) {
    const std::vector<std::string_view> fields = schedule_fields(type.extension()->schedule);
    if (fields.size() == 5 || (fields.size() == 1 && fields[0].starts_with('@'))) {
      return;
    }
    std::string list;
    for (const std::string_view field : fields) {
      list.append(list.empty() ? "" : " ").append(field);
    }
    error(Rule::e705,
          "expected exactly 5 fields, found " + std::to_string(fields.size()) + ": [" + list +
              "]: " + shown(type) + " cron schedule");
  }

  void structure(const Type& type) {
    // Without sys.BLOB, blobs refer to nothing.
    const std::size_t suspects = has_blob_ ? 0 : type.structure()->fields.size();
    for (const appdef::Field& field : type.structure()->fields.first(suspects)) {
      for (const Type* target : field.refs()) {
        if (target->kind == TypeKind::any) {
          error(Rule::e710,
                "not found: " + shown(type) + " reference field «" + std::string{field.name} +
                    "» to unknown table «sys.BLOB»");
        }
      }
    }
    for (const appdef::Container& container : type.structure()->containers) {
      if (!sees(*container.type)) {
        error(Rule::e711,
              "not found: " + shown(type) + " container «" + std::string{container.name} +
                  "» type «" + container.type->name.str() + "»");
      }
    }
  }

  const appdef::AppDef& app_def_;
  Report* report_;
  const Type* sys_workspace_ = nullptr;
  bool has_blob_ = false;
  const Type* ws_ = nullptr;
  SetOf<TypeKind> kinds_;    // of all types that ws_ sees
  std::uint32_t round_ = 0;  // counts workspaces
  // Types by their tags; those of a tag begin at first_tagged_[its index].
  std::vector<const Type*> tagged_;
  std::vector<std::uint32_t> first_tagged_;
  // By Type::index: the kinds in a workspace, the last round that saw a workspace.
  std::vector<SetOf<TypeKind>> own_kinds_;
  std::vector<std::uint32_t> seen_by_;
};

}  // namespace

void validate(const appdef::AppDef& app_def, Report* report) { Validator(app_def, report).run(); }

}  // namespace vvm::schema
