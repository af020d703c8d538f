// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Everything in io that needs no third-party package.
#ifndef ASSAY_IO_HPP
#define ASSAY_IO_HPP

#include <assay/io/gguf.hpp>
#include <assay/io/named_tensor.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>

#endif
