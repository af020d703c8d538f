// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tool's commands for one curve. Each returns the program's exit status: 0 done, 1 refused, 2 could not.
#ifndef ASSAY_CEREMONY_COMMANDS_HPP
#define ASSAY_CEREMONY_COMMANDS_HPP

#include <assay/polycommit/ceremony.hpp>
#include <assay/polycommit/ceremony_file.hpp>
#include <assay/polycommit/srs.hpp>
#include <assay/polycommit/srs_file.hpp>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "host.hpp"

namespace ceremony_tool {

inline int cannot(const char* what, const std::string& path) {
  std::fprintf(stderr, "cannot %s %s\n", what, path.c_str());
  return 2;
}

inline int refuse(const std::string& path, const assay::error& e) {
  std::fprintf(stderr, "REFUSED %s: %s (%s, at %llu)\n", path.c_str(), e.message, assay::name(e.code),
               static_cast<unsigned long long>(e.where));
  return 1;
}

inline std::string hex(const assay::digest& d) {
  const auto text = assay::to_hex(d);
  return {text.data(), text.size()};
}

inline std::string describe(const assay::grid_shape& shape) {
  std::string text;
  for (std::size_t j = 0; j < shape.rank; ++j) text += (j == 0 ? "" : " x ") + std::to_string(shape.extents[j]);
  return text + " (" + std::to_string(shape.size()) + " points)";
}

template <class C>
struct commands {
  using run = assay::ceremony<C>;
  using state = assay::ceremony_state<C>;

  static void print_contributions(const state& s) {
    std::printf("curve          %s\ngrid           %s\n", C::name, describe(s.shape).c_str());
    std::printf("start          %s\n", hex(s.history(0)).c_str());
    for (std::size_t i = 0; i < s.contributions.size(); ++i)
      std::printf("contribution %-2zu %s\n", i, hex(s.history(i + 1)).c_str());
  }

  static int store(const std::string& path, const state& s) {
    const auto bytes = assay::encode_ceremony_file(s, progress("encoding"));
    if (!write_new_file(path, bytes)) return cannot("create (it must not exist yet)", path);
    return 0;
  }

  /// Reads and checks the whole ceremony.
  static assay::result<state> load(const std::vector<std::byte>& bytes) {
    auto s = assay::parse_ceremony_file<C>(bytes, progress("reading"));
    if (!s) return s;
    if (auto ok = run::verify(*s, system_entropy(32), progress("verifying")); !ok) return ok.error();
    return s;
  }

  static int start(const assay::grid_shape& shape, const std::string& out) {
    const auto s = run::start(shape);
    if (!s) return refuse("the grid", s.error());
    if (const int status = store(out, *s); status != 0) return status;
    print_contributions(*s);
    return 0;
  }

  static int contribute(const std::string& in, const std::vector<std::byte>& bytes, const std::vector<std::byte>& extra,
                        const std::string& out) {
    auto before = load(bytes);
    if (!before) return refuse(in, before.error());
    std::vector<std::byte> entropy = system_entropy(64);
    if (entropy.empty()) return cannot("get randomness from", "the operating system");
    entropy.reserve(entropy.size() + extra.size());
    entropy.insert(entropy.end(), extra.begin(), extra.end());
    auto after = run::contribute(*before, entropy, progress("contributing"));
    assay::detail::wipe(entropy.data(), entropy.size());
    if (auto ok = run::verify_contribution(*before, after, system_entropy(32), progress("checking")); !ok)
      return refuse("the own contribution", ok.error());
    if (const int status = store(out, after); status != 0) return status;
    std::printf("contribution %zu: publish this digest, and forget nothing else; there is nothing else to keep\n%s\n",
                before->contributions.size(), hex(after.history()).c_str());
    return 0;
  }

  static int verify(const std::string& in, const std::vector<std::byte>& bytes, const std::string& before_path) {
    const auto s = load(bytes);
    if (!s) return refuse(in, s.error());
    if (!before_path.empty()) {
      const auto before_bytes = read_file(before_path);
      if (!before_bytes) return cannot("read", before_path);
      const auto before = assay::parse_ceremony_file<C>(*before_bytes, progress("reading"));
      if (!before) return refuse(before_path, before.error());
      if (auto ok = run::verify_contribution(*before, *s, system_entropy(32), progress("verifying")); !ok)
        return refuse(in, ok.error());
    }
    print_contributions(*s);
    std::printf("VALID          %s\n",
                before_path.empty() ? "whole ceremony" : "whole ceremony, and one contribution after the given state");
    return 0;
  }

  static int finalise(const std::string& in, const std::vector<std::byte>& bytes, const std::string& out) {
    const auto s = load(bytes);
    if (!s) return refuse(in, s.error());
    auto srs = run::finalise(*s, progress("changing the basis"));
    if (!srs) return refuse(in, srs.error());
    const auto verified = assay::verified_srs<C>::verify(std::move(*srs), system_entropy(32), progress("verifying"));
    if (!verified) return refuse("the result", verified.error());
    if (!write_new_file(out, assay::encode_srs_file(verified->get(), progress("encoding"))))
      return cannot("create (it must not exist yet)", out);
    print_contributions(*s);
    std::printf("srs digest     %s\n", hex(verified->id()).c_str());
    return 0;
  }

  static int inspect_ceremony(const std::string& in, const std::vector<std::byte>& bytes) {
    const auto s = assay::parse_ceremony_file<C>(bytes, progress("reading"));
    if (!s) return refuse(in, s.error());
    print_contributions(*s);
    std::printf("not checked: use verify\n");
    return 0;
  }

  static int srs(const std::string& in, const std::vector<std::byte>& bytes, bool check) {
    auto data = assay::parse_srs_file<C>(bytes, progress("reading"));
    if (!data) return refuse(in, data.error());
    std::printf("curve          %s\ngrid           %s\nsrs digest     %s\n", C::name, describe(data->shape).c_str(),
                hex(data->id()).c_str());
    if (!check) {
      std::printf("not checked: use verify\n");
      return 0;
    }
    const auto verified = assay::verified_srs<C>::verify(std::move(*data), system_entropy(32), progress("verifying"));
    if (!verified) return refuse(in, verified.error());
    std::printf("VALID          structure; its secrecy rests on the ceremony behind the digest\n");
    return 0;
  }
};

}  // namespace ceremony_tool

#endif
