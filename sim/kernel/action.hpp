// Action: a move-only callable that runs at most once; what the kernel queues.
//
// sim/kernel and sim/world rely on it. Small callables live inside; destroying one uncalled
// destroys what it captured, which is how the work of a crashed process goes away.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace vvm::sim {

class Action {
 public:
  Action() = default;

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Action>)
  explicit Action(F&& f) {
    using Fn = std::remove_cvref_t<F>;
    if constexpr (fits<Fn>()) {
      ::new (static_cast<void*>(&storage_)) Fn(std::forward<F>(f));
      table_ = &inline_table<Fn>;
    } else {
      ::new (static_cast<void*>(&storage_)) Fn*(new Fn(std::forward<F>(f)));
      table_ = &heap_table<Fn>;
    }
  }

  Action(Action&& other) noexcept { take(other); }

  Action& operator=(Action&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }

  Action(const Action&) = delete;
  Action& operator=(const Action&) = delete;

  ~Action() { reset(); }

  explicit operator bool() const { return table_ != nullptr; }

  // Runs it and leaves it empty. The callable is destroyed after it has run.
  void operator()() {
    const Table* table = std::exchange(table_, nullptr);
    table->run(&storage_);
  }

  void reset() {
    if (table_ != nullptr) {
      std::exchange(table_, nullptr)->destroy(&storage_);
    }
  }

 private:
  static constexpr std::size_t room = 40;

  struct Table {
    void (*run)(void*);
    void (*move)(void* from, void* to);
    void (*destroy)(void*);
  };

  template <class Fn>
  static constexpr bool fits() {
    return sizeof(Fn) <= room && alignof(Fn) <= alignof(std::max_align_t) &&
           std::is_nothrow_move_constructible_v<Fn>;
  }

  template <class Fn>
  static constexpr Table inline_table{[](void* at) {
                                        Fn fn(std::move(*static_cast<Fn*>(at)));
                                        static_cast<Fn*>(at)->~Fn();
                                        fn();
                                      },
                                      [](void* from, void* to) {
                                        ::new (to) Fn(std::move(*static_cast<Fn*>(from)));
                                        static_cast<Fn*>(from)->~Fn();
                                      },
                                      [](void* at) { static_cast<Fn*>(at)->~Fn(); }};

  template <class Fn>
  static constexpr Table heap_table{
      [](void* at) {
        Fn* fn = *static_cast<Fn**>(at);
        Fn local(std::move(*fn));
        delete fn;
        local();
      },
      [](void* from, void* to) { ::new (to) Fn*(*static_cast<Fn**>(from)); },
      [](void* at) { delete *static_cast<Fn**>(at); }};

  void take(Action& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    if (table_ != nullptr) {
      table_->move(&other.storage_, &storage_);
    }
  }

  alignas(std::max_align_t) std::byte storage_[room];
  const Table* table_ = nullptr;
};

}  // namespace vvm::sim
