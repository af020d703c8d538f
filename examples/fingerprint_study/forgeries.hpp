// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Claims made up to pass a check: by providers that do not have the states, and by some that have them and lie.
#ifndef ASSAY_FINGERPRINT_STUDY_FORGERIES_HPP
#define ASSAY_FINGERPRINT_STUDY_FORGERIES_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "provider.hpp"

namespace study {

/// The coordinates at which `aimed` rows are aimed; sketches of other lengths have projections of their own.
inline constexpr std::uint32_t aimed_coordinates = 16;

/// Ways to change a request's honest states into a claim, by label. All but the last two use nothing of them: the text is a
/// small model's, and the promised model need not be run.
///   forged-constant    zeros; to TOPLOC the constant polynomial that fits other texts best
///   forged-means       every row is the model's mean row, learned from other texts
///   forged-other-text  the honest states of another text
///   forged-aimed       those, moved to have the honest sketches under the projection of 16 coordinates, which is known
///   forged-signs       the honest states with half of the signs turned
/// @pre `known` outlives what is returned
std::vector<std::pair<std::string, forgery>> forgeries_from(const std::vector<traced>& known);

}  // namespace study

#endif
