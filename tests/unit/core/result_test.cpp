// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <memory>
#include <string>
#include <utility>

#include <assay/core/result.hpp>

#include "throwing_contract.hpp"

namespace {

struct counted {
  static inline int alive = 0;
  static inline int copies = 0;
  static inline int moves = 0;
  int value = 0;

  explicit counted(int v) : value(v) { ++alive; }
  counted(const counted& other) : value(other.value) {
    ++alive;
    ++copies;
  }
  counted(counted&& other) noexcept : value(std::exchange(other.value, -1)) {
    ++alive;
    ++moves;
  }
  counted& operator=(const counted&) = delete;  // result needs construction only
  ~counted() { --alive; }

  static void reset() { alive = copies = moves = 0; }
};

using assay::errc;
using assay::fail;
using assay::result;

}  // namespace

TEST_CASE("result: holds a value or an error", "[core]") {
  const result<int> value = 7;
  REQUIRE(value);
  CHECK(*value == 7);
  CHECK(value.value_or(3) == 7);
  const result<int> failure = fail(errc::truncated, "short", 12);
  REQUIRE_FALSE(failure);
  CHECK_FALSE(failure.has_value());
  CHECK(failure.error().code == errc::truncated);
  CHECK(failure.error().where == 12);
  CHECK(std::string(failure.error().message) == "short");
  CHECK(failure.value_or(3) == 3);
}

TEST_CASE("result: every object that is made is destroyed", "[core]") {
  counted::reset();
  {
    result<counted> a{counted{1}};
    result<counted> b{a};
    CHECK(counted::copies == 1);
    CHECK(b->value == 1);
    result<counted> c{std::move(a)};
    CHECK(c->value == 1);
    CHECK(a->value == -1);
    CHECK(counted::alive == 3);
  }
  CHECK(counted::alive == 0);
}

TEST_CASE("result: assignment in all four directions, and to itself", "[core]") {
  counted::reset();
  {
    result<counted> value{counted{1}};
    result<counted> other{counted{2}};
    result<counted> failure{fail(errc::empty, "")};
    result<counted> other_failure{fail(errc::overflow, "", 9)};
    value = other;  // value to value
    CHECK(value->value == 2);
    CHECK(counted::alive == 2);
    failure = other_failure;  // error to error
    CHECK(failure.error().where == 9);
    value = failure;  // error over value
    REQUIRE_FALSE(value);
    CHECK(counted::alive == 1);
    failure = std::move(other);  // value over error
    REQUIRE(failure);
    CHECK(failure->value == 2);
    result<counted>& alias = failure;
    failure = alias;
    REQUIRE(failure);
    CHECK(failure->value == 2);
    failure = std::move(alias);
    REQUIRE(failure);
    CHECK(failure->value == 2);
    CHECK(counted::alive == 2);
  }
  CHECK(counted::alive == 0);
}

TEST_CASE("result: a value that can only be moved", "[core]") {
  result<std::unique_ptr<int>> held{std::make_unique<int>(5)};
  const std::unique_ptr<int> taken = *std::move(held);
  REQUIRE(taken);
  CHECK(*taken == 5);
}

TEST_CASE("result: without a value", "[core]") {
  const result<void> success;
  CHECK(success);
  const result<void> failure = fail(errc::duplicate, "twice", 2);
  REQUIRE_FALSE(failure);
  CHECK(failure.error().code == errc::duplicate);
}

TEST_CASE("result: taking what is not there is a broken contract", "[core]") {
  const throwing_contract guard;
  result<int> failure = fail(errc::empty, "");
  CHECK_THROWS_AS(failure.value(), broken_contract);
  CHECK_THROWS_AS(*failure, broken_contract);
  CHECK_THROWS_AS(static_cast<void>(*std::move(failure)), broken_contract);
  const result<int> value = 1;
  CHECK_THROWS_AS(value.error(), broken_contract);
  const result<void> success;
  CHECK_THROWS_AS(success.error(), broken_contract);
}
