// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the tool needs of its machine: files, the operating system's randomness, a line that tells how far it is.
#ifndef ASSAY_CEREMONY_HOST_HPP
#define ASSAY_CEREMONY_HOST_HPP

#include <sys/random.h>
#include <unistd.h>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace ceremony_tool {

inline std::optional<std::vector<std::byte>> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return std::nullopt;
  const std::streamoff size = in.tellg();
  if (size < 0) return std::nullopt;
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  in.seekg(0);
  if (!in.read(reinterpret_cast<char*>(bytes.data()), size)) return std::nullopt;
  return bytes;
}

/// Writes a new file; an existing one is never replaced: it may be somebody's only copy.
inline bool write_new_file(const std::string& path, const std::vector<std::byte>& bytes) {
  std::FILE* out = std::fopen(path.c_str(), "wbx");
  if (out == nullptr) return false;
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
  return (std::fclose(out) == 0) && written;
}

/// Bytes that nobody else knows; empty if the operating system has none.
inline std::vector<std::byte> system_entropy(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t done = 0; done < count;) {
    const ssize_t n = getrandom(bytes.data() + done, count - done, 0);
    if (n <= 0) return {};
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

/// Share done and time left, on standard error, once a step takes more than a second. Plain lines if it is no terminal.
class progress {
 public:
  explicit progress(const char* step) : step_(step), terminal_(isatty(STDERR_FILENO) == 1) {}
  ~progress() {
    if (drawn_ > 0 && terminal_) std::fprintf(stderr, "\r\x1b[K");
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void operator()(double share) {
    const double now = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    if (now < drawn_ + (terminal_ ? 0.2 : 5) || now < 1 || share <= 0) return;
    drawn_ = now;
    std::fprintf(stderr, "%s%s: %3.0f %%, about %.0f s left%s", terminal_ ? "\r\x1b[K" : "", step_, 100 * share,
                 now / share * (1 - share), terminal_ ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  const char* step_;
  bool terminal_;
  double drawn_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace ceremony_tool

#endif
