// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// assay_ceremony: start, contribute to, verify and finalise the ceremony that makes a structured reference string.
#include <CLI/CLI.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <string>
#include <vector>

#include "commands.hpp"

namespace {

using namespace ceremony_tool;

/// Calls f with the commands of a file's curve.
template <class F>
int for_curve(assay::curve_id curve, F&& f) {
  return curve == assay::curve_id::bn254 ? f(commands<assay::bn254>{}) : f(commands<assay::bls12_381>{});
}

/// Reads a ceremony's file and calls f with its curve's commands and its bytes.
template <class F>
int with_ceremony(const std::string& path, F&& f) {
  const auto bytes = read_file(path);
  if (!bytes) return cannot("read", path);
  const auto header = assay::inspect_ceremony_file(*bytes);
  if (!header) return refuse(path, header.error());
  return for_curve(header->curve, [&](auto with) { return f(with, *bytes); });
}

/// verify and inspect take both kinds of file.
template <class F>
int with_srs_or(const std::string& path, bool check, F&& otherwise) {
  const auto bytes = read_file(path);
  if (!bytes) return cannot("read", path);
  const auto header = assay::inspect_srs_file(*bytes);
  if (!header) return otherwise();
  return for_curve(header->curve, [&](auto with) { return with.srs(path, *bytes, check); });
}

int start(const std::string& curve, const std::vector<std::uint32_t>& extents, const std::string& out) {
  assay::grid_shape shape;
  for (const std::uint32_t n : extents) shape.extents[shape.rank++] = n;
  return for_curve(curve == "bn254" ? assay::curve_id::bn254 : assay::curve_id::bls12_381,
                   [&](auto with) { return with.start(shape, out); });
}

int contribute(const std::string& in, const std::string& extra_path, const std::string& out) {
  std::vector<std::byte> extra;
  if (!extra_path.empty()) {
    auto read = read_file(extra_path);
    if (!read) return cannot("read", extra_path);
    extra = std::move(*read);
  }
  return with_ceremony(in, [&](auto with, const auto& bytes) { return with.contribute(in, bytes, extra, out); });
}

}  // namespace

int main(int argc, char** argv) {
  std::string curve = "bn254", in, out, before, extra;
  std::vector<std::uint32_t> extents;
  CLI::App app{"The ceremony that makes a structured reference string: it is sound if one contributor was honest"};
  app.require_subcommand(1);
  auto* start_command = app.add_subcommand("start", "begin a ceremony, with variables that everybody knows");
  start_command->add_option("--curve", curve, "curve")
      ->capture_default_str()
      ->check(CLI::IsMember({"bn254", "bls12-381"}));
  start_command->add_option("--grid", extents, "nodes per axis, slowest first, as in 64,64")
      ->required()
      ->delimiter(',')
      ->expected(1, 8);
  start_command->add_option("out", out, "file to create")->required();
  auto* contribute_command = app.add_subcommand("contribute", "multiply the variables by fresh secrets");
  contribute_command->add_option("in", in, "the state so far")->required();
  contribute_command->add_option("out", out, "file to create")->required();
  contribute_command->add_option("--entropy", extra, "a file to mix in, besides the operating system's randomness");
  auto* verify_command = app.add_subcommand("verify", "check a ceremony from its start, or a reference string");
  verify_command->add_option("file", in, "a ceremony's state, or a reference string")->required();
  verify_command->add_option("--before", before, "also check that it is this state and one contribution more");
  auto* finalise_command = app.add_subcommand("finalise", "check a ceremony and write its reference string");
  finalise_command->add_option("in", in, "the last state")->required();
  finalise_command->add_option("out", out, "file to create")->required();
  auto* inspect_command = app.add_subcommand("inspect", "say what a file holds, without checking it");
  inspect_command->add_option("file", in, "a ceremony's state, or a reference string")->required();
  CLI11_PARSE(app, argc, argv);

  if (*start_command) return start(curve, extents, out);
  if (*contribute_command) return contribute(in, extra, out);
  if (*finalise_command)
    return with_ceremony(in, [&](auto with, const auto& bytes) { return with.finalise(in, bytes, out); });
  if (*verify_command)
    return with_srs_or(in, true, [&] {
      return with_ceremony(in, [&](auto with, const auto& bytes) { return with.verify(in, bytes, before); });
    });
  return with_srs_or(in, false, [&] {
    return with_ceremony(in, [&](auto with, const auto& bytes) { return with.inspect_ceremony(in, bytes); });
  });
}
