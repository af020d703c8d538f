// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A value or an error; always ours, so that its layout does not depend on the language version.
#ifndef ASSAY_CORE_RESULT_HPP
#define ASSAY_CORE_RESULT_HPP

#include <new>
#include <type_traits>
#include <utility>

#include <assay/core/error.hpp>
#include <assay/core/expects.hpp>

namespace assay::inline v0 {

/// Makes an error to return from a function that yields a `result`.
[[nodiscard]] constexpr error fail(errc code, const char* message, std::uint64_t where = 0) noexcept {
  return error{code, where, message};
}

/// Either a `T` or an `error`. Converts to true exactly when it holds a value.
template <class T>
class [[nodiscard]] result {
  static_assert(!std::is_reference_v<T>, "result<T&> would dangle; return a pointer or a view");
  static_assert(!std::is_same_v<std::remove_cv_t<T>, assay::error>, "result<error> is ambiguous");

 public:
  using value_type = T;

  result(const T& value) : ok_(true), value_(value) {}
  result(T&& value) noexcept(std::is_nothrow_move_constructible_v<T>) : ok_(true), value_(std::move(value)) {}
  result(assay::error e) noexcept : ok_(false), error_(e) {}

  result(const result& other) : ok_(other.ok_) {
    if (ok_) ::new (static_cast<void*>(&value_)) T(other.value_);
    else ::new (static_cast<void*>(&error_)) assay::error(other.error_);
  }
  result(result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) : ok_(other.ok_) {
    if (ok_) ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
    else ::new (static_cast<void*>(&error_)) assay::error(other.error_);
  }
  result& operator=(result other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (ok_) value_.~T();
    ok_ = other.ok_;
    if (ok_) ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
    else ::new (static_cast<void*>(&error_)) assay::error(other.error_);
    return *this;
  }
  ~result() {
    if (ok_) value_.~T();
  }

  [[nodiscard]] explicit operator bool() const noexcept { return ok_; }
  [[nodiscard]] bool has_value() const noexcept { return ok_; }

  /// The value. @pre holds a value
  [[nodiscard]] T& value() & { ASSAY_EXPECTS(ok_); return value_; }
  [[nodiscard]] const T& value() const& { ASSAY_EXPECTS(ok_); return value_; }
  [[nodiscard]] T&& value() && { ASSAY_EXPECTS(ok_); return std::move(value_); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] T value_or(T fallback) const& { return ok_ ? value_ : std::move(fallback); }

  /// The error. @pre holds an error
  [[nodiscard]] const assay::error& error() const { ASSAY_EXPECTS(!ok_); return error_; }

 private:
  bool ok_;
  union {
    T value_;
    assay::error error_;
  };
};

/// Success without a value, or an `error`.
template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  constexpr result() noexcept = default;
  constexpr result(assay::error e) noexcept : ok_(false), error_(e) {}

  [[nodiscard]] constexpr explicit operator bool() const noexcept { return ok_; }
  [[nodiscard]] constexpr bool has_value() const noexcept { return ok_; }
  [[nodiscard]] const assay::error& error() const { ASSAY_EXPECTS(!ok_); return error_; }

 private:
  bool ok_ = true;
  assay::error error_{};
};

}  // namespace assay::inline v0

#endif
