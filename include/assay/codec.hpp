// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR views of protocol objects; needs nlohmann/json (component `json`).
#ifndef ASSAY_CODEC_HPP
#define ASSAY_CODEC_HPP

#include <assay/codec/calibration.hpp>
#include <assay/codec/cbor.hpp>
#include <assay/codec/challenge.hpp>
#include <assay/codec/document.hpp>
#include <assay/codec/evidence.hpp>
#include <assay/codec/ledger.hpp>
#include <assay/codec/log_entry.hpp>
#include <assay/codec/log_parser.hpp>
#include <assay/codec/log_reader.hpp>
#include <assay/codec/log_record.hpp>
#include <assay/codec/log_scanner.hpp>
#include <assay/codec/log_source.hpp>
#include <assay/codec/logged_sequence.hpp>
#include <assay/codec/object.hpp>
#include <assay/codec/policy.hpp>
#include <assay/codec/profile.hpp>
#include <assay/codec/receipt.hpp>
#include <assay/codec/request.hpp>
#include <assay/codec/run.hpp>
#include <assay/codec/value.hpp>
#include <assay/codec/verdict.hpp>

#endif
