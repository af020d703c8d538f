// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the polycommit module: reference strings and their ceremonies, PST and KZG commitments. Not in <assay/assay.hpp>.
#ifndef ASSAY_POLYCOMMIT_HPP
#define ASSAY_POLYCOMMIT_HPP

#include <assay/polycommit/ceremony.hpp>
#include <assay/polycommit/ceremony_file.hpp>
#include <assay/polycommit/contribution.hpp>
#include <assay/polycommit/encoding.hpp>
#include <assay/polycommit/grid.hpp>
#include <assay/polycommit/insecure_srs.hpp>
#include <assay/polycommit/kzg.hpp>
#include <assay/polycommit/kzg_commitment.hpp>
#include <assay/polycommit/node_digest.hpp>
#include <assay/polycommit/pst.hpp>
#include <assay/polycommit/pst_commitment.hpp>
#include <assay/polycommit/pst_grid.hpp>
#include <assay/polycommit/pst_merge.hpp>
#include <assay/polycommit/pst_open.hpp>
#include <assay/polycommit/pst_point.hpp>
#include <assay/polycommit/pst_tables.hpp>
#include <assay/polycommit/pst_verifier_key.hpp>
#include <assay/polycommit/pst_verify.hpp>
#include <assay/polycommit/raw_point.hpp>
#include <assay/polycommit/reference_string.hpp>
#include <assay/polycommit/srs.hpp>
#include <assay/polycommit/srs_file.hpp>
#include <assay/polycommit/verkle.hpp>

#endif
