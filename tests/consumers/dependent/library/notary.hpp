// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library of somebody else's, with assay in its interface.
#ifndef NOTARY_HPP
#define NOTARY_HPP

#include <string_view>

#include <assay/hash/digest.hpp>

namespace notary {
assay::digest stamp(std::string_view text);
}

#endif
