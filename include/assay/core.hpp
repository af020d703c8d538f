// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of module core except core/thread_pool.hpp, which includes <thread>.
#ifndef ASSAY_CORE_HPP
#define ASSAY_CORE_HPP

#include <assay/core/bytes.hpp>
#include <assay/core/checked.hpp>
#include <assay/core/config.hpp>
#include <assay/core/convert.hpp>
#include <assay/core/dtype.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/error.hpp>
#include <assay/core/executor.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/float_formats.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/core/row_map.hpp>
#include <assay/core/row_source.hpp>
#include <assay/core/tensor_like.hpp>
#include <assay/core/tensor_view.hpp>

#endif
