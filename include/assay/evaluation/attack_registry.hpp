// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attacks by name and parameters, over any type of engine or provider.
#ifndef ASSAY_EVALUATION_ATTACK_REGISTRY_HPP
#define ASSAY_EVALUATION_ATTACK_REGISTRY_HPP

#include <charconv>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0::evaluation {

struct attack_parameter {
  std::string name;
  double value = 0;
};

/// A parameter and the values to try.
struct attack_axis {
  std::string name;
  std::vector<double> values;
};

namespace detail {
/// Names end up in file names, CSV cells and command lines.
[[nodiscard]] inline bool is_attack_name(std::string_view name) noexcept {
  if (name.empty()) return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
          c == '.'))
      return false;
  return true;
}

/// "family" or "family(bits=4,group=32)"; numbers in their shortest form.
[[nodiscard]] inline std::string attack_label(std::string_view family, std::span<const attack_parameter> parameters) {
  std::string label{family};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, parameters[i].value).ptr;
    label += i == 0 ? '(' : ',';
    label.append(parameters[i].name).append(1, '=').append(digits, end);
  }
  if (!parameters.empty()) label += ')';
  return label;
}
}  // namespace detail

/// Attacks in the order in which they were added. `Subject` is what an attack makes: an engine, a provider, settings.
/// An attack is made when asked for, so that not all of them need to be in memory at once.
template <class Subject>
class attack_registry {
 public:
  /// Makes the subject from the parameters, in the order in which their axes were given.
  using recipe = std::function<result<Subject>(std::span<const attack_parameter>)>;

  struct attack {
    std::string family;
    std::vector<attack_parameter> parameters;
    std::string label;  ///< unique: "family(name=value,…)"
  };

  /// Adds an attack for every combination of the axes' values, the last axis changing fastest; without axes, one.
  /// @errors malformed (a name is empty or has characters other than letters, digits, '-', '_', '.'), empty (an axis
  ///         without values), non_finite (a value), duplicate (an axis, or a label that is there): nothing is added
  [[nodiscard]] result<void> add(std::string family, const std::vector<attack_axis>& axes, recipe make) {
    ASSAY_EXPECTS(make != nullptr);
    if (auto ok = check(family, axes); !ok) return ok;
    std::vector<attack> fresh;
    std::vector<std::size_t> at(axes.size(), 0);
    for (bool more = true; more;) {
      attack one{family, {}, {}};
      for (std::size_t i = 0; i < axes.size(); ++i) one.parameters.push_back({axes[i].name, axes[i].values[at[i]]});
      one.label = detail::attack_label(family, one.parameters);
      for (const auto* known : {&attacks_, &fresh})
        for (const attack& other : *known)
          if (other.label == one.label) return fail(errc::duplicate, "an attack with this label exists", fresh.size());
      fresh.push_back(std::move(one));
      more = advance(at, axes);
    }
    for (attack& one : fresh) attacks_.push_back(std::move(one)), recipes_.push_back(make);
    return {};
  }
  [[nodiscard]] result<void> add(std::string family, recipe make) {
    return add(std::move(family), {}, std::move(make));
  }

  [[nodiscard]] std::size_t size() const noexcept { return attacks_.size(); }
  [[nodiscard]] std::span<const attack> attacks() const noexcept { return attacks_; }

  /// The attack's index. @errors not_found
  [[nodiscard]] result<std::size_t> find(std::string_view label) const {
    for (std::size_t i = 0; i < attacks_.size(); ++i)
      if (attacks_[i].label == label) return i;
    return fail(errc::not_found, "no attack has this label");
  }

  /// Runs the recipe. @pre i < size() @errors those of the recipe
  [[nodiscard]] result<Subject> make(std::size_t i) const {
    ASSAY_EXPECTS(i < attacks_.size());
    return recipes_[i](attacks_[i].parameters);
  }

 private:
  [[nodiscard]] static result<void> check(std::string_view family, const std::vector<attack_axis>& axes) {
    if (!detail::is_attack_name(family))
      return fail(errc::malformed, "an attack's name is empty or has odd characters");
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (!detail::is_attack_name(axes[i].name))
        return fail(errc::malformed, "a parameter's name is empty or has odd characters", i);
      if (axes[i].values.empty()) return fail(errc::empty, "a parameter without values", i);
      for (double v : axes[i].values)
        if (!fp::is_finite(v)) return fail(errc::non_finite, "a parameter's value is not finite", i);
      for (std::size_t j = 0; j < i; ++j)
        if (axes[j].name == axes[i].name) return fail(errc::duplicate, "a parameter is given twice", i);
    }
    return {};
  }

  /// The next combination; false after the last.
  static bool advance(std::vector<std::size_t>& at, const std::vector<attack_axis>& axes) {
    for (std::size_t i = at.size(); i > 0; --i) {
      if (++at[i - 1] < axes[i - 1].values.size()) return true;
      at[i - 1] = 0;
    }
    return false;
  }

  std::vector<attack> attacks_;
  std::vector<recipe> recipes_;
};

}  // namespace assay::inline v0::evaluation

#endif
