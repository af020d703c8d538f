// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of calibrations: a verifier fits one once and keeps it.
#ifndef ASSAY_CODEC_CALIBRATION_HPP
#define ASSAY_CODEC_CALIBRATION_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <assay/codec/challenge.hpp>
#include <assay/codec/object.hpp>
#include <assay/protocol/calibration.hpp>

namespace assay::inline v0::codec {

template <>
struct record<statistic_calibration> {
  static constexpr const char* name = "statistic";

  template <class Visitor, class Statistic>
  static void fields(Visitor& visit, Statistic& fitted) {
    auto& [scale, bounds] = fitted;
    visit("statistic.scale", scale);
    visit("statistic.bounds", bounds);
  }
};

/// Members of a calibrated channel; a channel that was not calibrated is null.
template <>
struct record<channel_calibration> {
  static constexpr const char* name = "channel";

  template <class Visitor, class Channel>
  static void fields(Visitor& visit, Channel& fitted) {
    auto& [present, caps, statistics] = fitted;
    static_cast<void>(present);
    auto& [mean, largest] = statistics;
    visit("channel.caps", caps);
    visit("channel.mean", mean);
    visit("channel.largest", largest);
  }
};

template <>
struct record<std::array<channel_calibration, channel_count>> {
  static constexpr const char* name = "channels";

  template <class Visitor, class Channels>
  static void fields(Visitor& visit, Channels& channels) {
    auto& [head, tokens, states, rows, blocks] = channels;
    visit.optional("channels.head", head.present, head);
    visit.optional("channels.tokens", tokens.present, tokens);
    visit.optional("channels.states", states.present, states);
    visit.optional("channels.rows", rows.present, rows);
    visit.optional("channels.blocks", blocks.present, blocks);
  }
};

/// Read with every check that `verifier` relies on; where it came from is for its owner to know.
template <>
struct record<calibration> {
  static constexpr const char* name = "calibration";
  static constexpr document_limits limits{std::size_t{8} << 20, std::size_t{1} << 18};

  template <class Visitor, class Calibration>
  static void fields(Visitor& visit, Calibration& fitted) {
    auto& [run, opened, channels, honest_deviations, confidence] = fitted;
    visit("calibration.run", run);
    visit("calibration.opened", opened);
    visit("calibration.channels", channels);
    visit("calibration.honest_deviations", honest_deviations);
    visit("calibration.confidence", confidence);
  }

  static result<void> check(const calibration& fitted) {
    if (auto valid = validate(fitted.opened.recheck); !valid) return valid.error();
    for (std::size_t c = 0; c < channel_count; ++c)
      if (auto valid = check_channel(fitted.channels[c], is_by_checkpoint(static_cast<channel>(c))); !valid) return valid.error();
    const auto& honest = fitted.honest_deviations;
    if (honest.empty()) return fail(errc::empty, "calibration: no honest deviations");
    for (std::size_t i = 0; i < honest.size(); ++i) {
      if (!(honest[i] >= 0)) return fail(errc::out_of_range, "calibration: a deviation is negative", i);
      if (i != 0 && honest[i] < honest[i - 1]) return fail(errc::wrong_order, "calibration: deviations must ascend", i);
    }
    if (!(fitted.confidence > 0 && fitted.confidence < 1))
      return fail(errc::out_of_range, "calibration: the confidence lies outside (0, 1)");
    return {};
  }

 private:
  static result<void> check_channel(const channel_calibration& fitted, bool by_checkpoint) {
    if (!fitted.present) return {};
    const auto positive = [](double x) { return x > 0 && std::isfinite(x); };
    if (fitted.caps.empty() || fitted.caps.size() > (by_checkpoint ? run_limits::checkpoints : 1))
      return fail(errc::length_mismatch, "calibration: wrong number of caps", fitted.caps.size());
    if (!std::all_of(fitted.caps.begin(), fitted.caps.end(), positive))
      return fail(errc::out_of_range, "calibration: a cap is not positive");
    for (const statistic_calibration& each : fitted.statistics) {
      if (!positive(each.scale)) return fail(errc::out_of_range, "calibration: a scale is not positive");
      for (double bound : each.bounds)
        if (!(bound >= 0 && bound <= 1)) return fail(errc::out_of_range, "calibration: a bound lies outside [0, 1]");
    }
    return {};
  }
};

}  // namespace assay::inline v0::codec

#endif
