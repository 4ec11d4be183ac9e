// The order of messages about tables (docs/spec/vsql.md 8.6): a table that another one needs, as
// target of a reference or type of a container, is built when it is needed.
//
// Tables are built one after the other all the same, so that a chain of references costs no stack.
// Only where that failed are the messages put in the order in which building on demand would have
// found them; as nothing comes out of a build that failed, nobody sees the difference.
#include <algorithm>
#include <set>

#include "schema/builder.hpp"

namespace vvm::schema {

namespace {

constexpr std::size_t steps_max = std::size_t{1} << 22U;

}  // namespace

// Walks definitions as Builder does, for what they need only.
class Builder::Demand {
 public:
  explicit Demand(Builder* builder) : builder_(*builder) {
    builder_.bound_.for_each_symbol([this](Symbol* symbol) {
      if (symbol->type != nullptr && symbol->type->structure() != nullptr) {
        made_from_[symbol->type] = {.symbol = symbol, .package = symbol->package()};
      }
    });
    for (const auto& [from, type] : builder_.inherited_) {
      for (BoundPackage* package : builder_.by_path_) {
        if (package->local == from.first) {
          made_from_.try_emplace(type,
                                 Origin{.symbol = from_stmt(*from.second), .package = package});
        }
      }
    }
    for (std::size_t i = 0; i < builder_.said_.size(); ++i) {
      said_[builder_.said_[i].type].push_back(i);
    }
  }

  std::vector<std::size_t> order() {
    for (BoundPackage* package : builder_.by_path_) {
      for (const StmtKind kind : {StmtKind::table, StmtKind::descriptor}) {
        for (const Entry& entry : package->entries) {
          if (entry.kind == kind) {
            visit(entry.symbol->type);
          }
        }
      }
    }
    for (std::size_t i = 0; i < builder_.said_.size(); ++i) {
      tell(i);  // what nobody came by
    }
    return std::move(order_);
  }

 private:
  struct Origin {
    Symbol* symbol = nullptr;
    BoundPackage* package = nullptr;
  };

  struct Need {
    std::uint32_t item = 0;
    const Type* type = nullptr;
  };

  // A definition on the way through it.
  struct Open {
    std::vector<Need> needs;
    std::vector<std::size_t> said;
    std::size_t needs_done = 0;
    std::size_t said_done = 0;
  };

  Symbol* from_stmt(const Stmt& stmt) {
    for (BoundPackage& package : builder_.bound_.packages()) {
      Symbol* symbol = builder_.bound_.symbol(package, stmt.name);
      if (symbol != nullptr && symbol->stmt == &stmt) {
        return symbol;
      }
    }
    return nullptr;
  }

  void tell(std::size_t i) {
    if (told_.insert(i).second) {
      order_.push_back(builder_.first_said_ + i);
    }
  }

  // Depth first, without recursion.
  void visit(const Type* root) {
    std::vector<Open> open;
    const auto enter = [this, &open](const Type* type) {
      if (entered_.insert(type).second) {
        open.push_back({.needs = needs_of(type), .said = said_[type]});
      }
    };
    enter(root);
    while (!open.empty()) {
      Open& top = open.back();
      const bool needs = top.needs_done < top.needs.size();
      const bool says = top.said_done < top.said.size();
      if (!needs && !says) {
        open.pop_back();
      } else if (needs && (!says || comes_first(top.needs[top.needs_done], top))) {
        enter(top.needs[top.needs_done++].type);  // may move `top`
      } else {
        tell(top.said[top.said_done++]);
      }
    }
  }

  // What an item needs is there before the item is judged.
  bool comes_first(const Need& need, const Open& top) const {
    const std::size_t next = top.said[top.said_done];
    return need.item <= builder_.said_[next].item;
  }

  // But for its name and kind: they are judged first, and where they are wrong nothing is needed.
  bool fails_early(std::uint32_t item, const std::vector<std::size_t>& said) const {
    return std::ranges::any_of(said, [this, item](std::size_t i) {
      const Rule rule = builder_.bound_.report().kept()[builder_.first_said_ + i].rule;
      return builder_.said_[i].item == item && (rule == Rule::e601 || rule == Rule::e604);
    });
  }

  std::vector<Need> needs_of(const Type* type) {
    needs_.clear();
    item_ = 0;
    const auto origin = made_from_.find(type);
    if (origin == made_from_.end() || origin->second.symbol == nullptr) {
      return {};
    }
    package_ = origin->second.package;
    Symbol* symbol = origin->second.symbol;
    if (symbol->outer == nullptr) {
      std::vector<Symbol*> chain;
      for (Symbol* at = symbol->table.base; at != nullptr; at = at->table.base) {
        chain.push_back(at);
      }
      for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
        walk(static_cast<const TableStmt*>((*it)->stmt)->items, *it, 0);
      }
    }
    walk(static_cast<const TableStmt*>(symbol->stmt)->items, symbol, 0);
    const std::vector<std::size_t>& said = said_[type];
    std::erase_if(needs_, [&](const Need& need) { return fails_early(need.item, said); });
    return needs_;
  }

  // The counterpart of Builder::add_items.
  void walk(std::span<const Item> items, Symbol* owner, std::size_t depth) {
    for (const Item& item : items) {
      if (++steps_ > steps_max) {
        return;
      }
      ++item_;
      switch (item.kind) {
        case ItemKind::reference:
          if (!in_descriptor(owner)) {
            for (const QRef& ref : item.names()) {
              need(ref, *owner->scope);
            }
          }
          break;
        case ItemKind::named_field:
          if (owner->kind != StmtKind::type) {
            need(item.names()[0], *owner->scope);
          }
          break;
        case ItemKind::nested_table:
          need_nested(*item.nested, owner);
          break;
        case ItemKind::field_set: {
          Symbol* set = builder_.bound_.find(Want::type, item.names()[0], *owner->scope).symbol;
          if (set != nullptr && depth <= nesting_max) {
            walk(static_cast<const TableStmt*>(set->stmt)->items, set, depth + 1);
          }
          break;
        }
        default:
          break;
      }
    }
  }

  void need(const QRef& ref, const Scope& here) {
    const Symbol* found = builder_.bound_.find(Want::table, ref, here).symbol;
    if (found != nullptr) {
      needs_.push_back({.item = item_, .type = found->type});
    }
  }

  void need_nested(const TableStmt& nested, Symbol* owner) {
    const Symbol* symbol = builder_.bound_.symbol(*owner->package(), nested.name);
    if (owner->package() == package_) {
      needs_.push_back({.item = item_, .type = symbol->type});
      return;
    }
    const auto it = builder_.inherited_.find(std::pair{package_->local, symbol->stmt});
    if (it != builder_.inherited_.end()) {
      needs_.push_back({.item = item_, .type = it->second});
    }
  }

  Builder& builder_;
  // Looked up only.
  std::map<const Type*, Origin> made_from_;               // tidy-ok: looked up only
  std::map<const Type*, std::vector<std::size_t>> said_;  // tidy-ok: looked up only
  std::set<const Type*> entered_;                         // tidy-ok: looked up only
  std::set<std::size_t> told_;
  std::vector<std::size_t> order_;
  // Of needs_of().
  std::vector<Need> needs_;
  std::uint32_t item_ = 0;
  BoundPackage* package_ = nullptr;
  std::size_t steps_ = 0;
};

void Builder::note_new_messages() {
  noted_ = bound_.report().count();
  const std::size_t kept = bound_.report().kept().size();
  while (first_said_ + said_.size() < kept) {
    said_.push_back(at_);
  }
}

void Builder::order_messages() {
  note_messages();
  bound_.report().reorder(first_said_, Demand(this).order());
}

}  // namespace vvm::schema
