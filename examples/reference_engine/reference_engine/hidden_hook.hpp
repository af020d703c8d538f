// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A non-owning reference to the callable that observes hidden states.
#ifndef REFERENCE_ENGINE_HIDDEN_HOOK_HPP
#define REFERENCE_ENGINE_HIDDEN_HOOK_HPP

#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>

#include <assay/core/ids.hpp>
#include <assay/core/tensor_view.hpp>

namespace reference {

/// Called as `f(layer, rows, first, count)`: `rows` is an f32 matrix [count, width] that is valid during the call,
/// row i belongs to position first + i. Layers are called in order for each step of prefill or decode.
/// Must not outlive the callable it was made from.
class hidden_hook {
 public:
  hidden_hook() = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, hidden_hook> &&
             std::invocable<F&, assay::layer_index, const assay::tensor_view&, assay::position, std::uint32_t>)
  hidden_hook(F&& f) noexcept
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, assay::layer_index layer, const assay::tensor_view& rows, assay::position first,
                 std::uint32_t count) {
          (*static_cast<std::remove_reference_t<F>*>(object))(layer, rows, first, count);
        }) {}

  void operator()(assay::layer_index layer, const assay::tensor_view& rows, assay::position first,
                  std::uint32_t count) const {
    if (call_ != nullptr) call_(object_, layer, rows, first, count);
  }

 private:
  void* object_ = nullptr;
  void (*call_)(void*, assay::layer_index, const assay::tensor_view&, assay::position, std::uint32_t) = nullptr;
};

}  // namespace reference

#endif
