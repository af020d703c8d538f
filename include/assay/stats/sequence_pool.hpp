// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scores kept by the sequence they come from, and batches drawn from them as an auditor would see them.
#ifndef ASSAY_STATS_SEQUENCE_POOL_HPP
#define ASSAY_STATS_SEQUENCE_POOL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/random/stream.hpp>
#include <assay/stats/quantile.hpp>

namespace assay::inline v0::stats {

/// The scores of one population: a score per unit (token, or chunk of tokens), units in sequences, sequences in groups.
///
/// Scores within a sequence depend on each other, so everything here draws whole sequences or runs of one. A group is
/// what one provider would show throughout, such as one arithmetic; a batch comes from one group, drawn at random.
/// Copies share the scores. Determinism: exact, given the stream.
class sequence_pool {
 public:
  /// No batch exceeds this share of its group: larger ones overlap so much that their spread means nothing.
  static constexpr double largest_share = 0.1;

  /// A sequence's mean, over all sequences.
  struct moments {
    double mean = 0, variance = 0;
    std::size_t sequences = 0;
  };

  /// Adds a sequence. @errors empty, non_finite (where: the unit; nothing is added)
  [[nodiscard]] result<void> add(std::span<const double> scores, std::uint32_t group = 0) {
    if (scores.empty()) return fail(errc::empty, "a sequence without scores");
    if (auto ok = detail::check_sample(scores, 1); !ok) return ok;
    std::vector<double> sums{0};
    sums.reserve(scores.size() + 1);
    for (double s : scores) sums.push_back(sums.back() + s);
    if (running_.use_count() > 1) running_ = std::make_shared<sequences>(*running_);
    running_->push_back(std::move(sums));
    auto& own = group_of(group);
    own.members.push_back(static_cast<std::uint32_t>(running_->size() - 1));
    own.units += scores.size();
    return {};
  }

  [[nodiscard]] std::size_t sequence_count() const noexcept { return running_->size(); }
  [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }
  /// Units of all sequences that were added.
  [[nodiscard]] std::size_t unit_count() const noexcept {
    std::size_t sum = 0;
    for (const auto& g : groups_) sum += g.units;
    return sum;
  }

  /// Units of the largest batch that `draw` allows; 0 for an empty pool.
  [[nodiscard]] std::uint32_t largest_batch() const noexcept {
    if (groups_.empty()) return 0;
    std::size_t fewest = groups_.front().units;
    for (const auto& g : groups_) fewest = std::min(fewest, g.units);
    return static_cast<std::uint32_t>(std::min(largest_share * static_cast<double>(fewest), 4294967295.0));
  }

  /// Means of `count` batches of n units: different whole sequences of one group, and a run of the last.
  /// @errors out_of_range (n is 0 or exceeds `largest_batch`)
  [[nodiscard]] result<std::vector<double>> draw(std::uint32_t n, std::uint32_t count, random_stream& stream) {
    if (n == 0 || n > largest_batch()) return fail(errc::out_of_range, "a batch exceeds a tenth of its pool", n);
    std::vector<double> means(count);
    for (double& mean : means) {
      auto& from = groups_[stream.below(groups_.size())].members;
      std::uint32_t left = n;
      double total = 0;
      for (std::size_t i = 0; left > 0; ++i) {  // a shuffle that stops early
        if (i == from.size()) return fail(errc::insufficient_data, "a resampled pool holds too few units", n);
        std::swap(from[i], from[i + stream.below(from.size() - i)]);
        const std::uint32_t length = length_of(from[i]), take = std::min(left, length);
        const auto first = static_cast<std::uint32_t>(take == length ? 0 : stream.below(length - take + 1));
        total += sum(from[i], first, take);
        left -= take;
      }
      mean = total / n;
    }
    return means;
  }

  /// Means of batches of n units that share no sequence, in the order in which sequences were added. @pre n > 0
  [[nodiscard]] std::vector<double> disjoint(std::uint32_t n) const {
    ASSAY_EXPECTS(n > 0);
    std::vector<double> means;
    for (const group_state& g : groups_) {
      std::vector<std::uint32_t> members = g.members;
      std::sort(members.begin(), members.end());
      std::uint32_t left = n;
      double total = 0;
      for (std::uint32_t s : members) {
        const std::uint32_t take = std::min(left, length_of(s));
        total += sum(s, 0, take);
        left -= take;
        if (left > 0) continue;
        means.push_back(total / n);
        left = n, total = 0;
      }
    }
    return means;
  }

  /// The pool with the sequences of each group drawn again with replacement: one step of a sequence-block bootstrap.
  [[nodiscard]] sequence_pool resampled(random_stream& stream) const {
    sequence_pool copy = *this;
    for (std::size_t g = 0; g < groups_.size(); ++g)
      for (std::uint32_t& s : copy.groups_[g].members)
        s = groups_[g].members[stream.below(groups_[g].members.size())];
    return copy;
  }

  /// @errors insufficient_data (fewer than two sequences)
  [[nodiscard]] result<moments> sequence_moments() const {
    std::vector<double> means;
    for (std::uint32_t s = 0; s < running_->size(); ++s) means.push_back(sum(s, 0, length_of(s)) / length_of(s));
    const auto spread = variance(means);
    if (!spread) return spread.error();
    return moments{*mean(means), *spread, means.size()};
  }

 private:
  using sequences = std::vector<std::vector<double>>;  // running sums, from 0
  struct group_state {
    std::uint32_t id = 0;
    std::vector<std::uint32_t> members;  // indices into running_
    std::size_t units = 0;
  };

  group_state& group_of(std::uint32_t id) {
    for (group_state& g : groups_)
      if (g.id == id) return g;
    return groups_.emplace_back(group_state{id, {}, 0});
  }
  [[nodiscard]] std::uint32_t length_of(std::uint32_t s) const noexcept {
    return static_cast<std::uint32_t>((*running_)[s].size() - 1);
  }
  [[nodiscard]] double sum(std::uint32_t s, std::uint32_t first, std::uint32_t count) const noexcept {
    const std::vector<double>& sums = (*running_)[s];
    return sums[first + count] - sums[first];
  }

  std::shared_ptr<sequences> running_ = std::make_shared<sequences>();
  std::vector<group_state> groups_;
};

}  // namespace assay::inline v0::stats

#endif
