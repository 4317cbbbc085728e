#include "os/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "base/check.h"
#include "os/errno_text.h"
#include "os/fd.h"

namespace distkv::os {
namespace {

using base::Errc;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kComplaintBytesMax = 200;

// Standard input and error go nowhere, no signal is blocked, whatever this process has done.
base::Result<pid_t> spawn(const Program& program, const Fd& output) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    CHECK(::posix_spawn_file_actions_init(&files) == 0 && ::posix_spawnattr_init(&attributes) == 0);
    CHECK(::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0);
    CHECK(::posix_spawn_file_actions_adddup2(&files, output.get(), STDOUT_FILENO) == 0);
    CHECK(::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0);
    sigset_t none;
    ::sigemptyset(&none);
    CHECK(::posix_spawnattr_setsigmask(&attributes, &none) == 0);
    CHECK(::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0);
    std::vector<char*> words;
    for (const std::string& word : program.words) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    pid_t child = -1;
    const int error = ::posix_spawnp(&child, words[0], &files, &attributes, words.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        return base::fail(Errc::kNotFound, errno_text("cannot run " + program.words[0], error));
    }
    return child;
}

// True when the output has come to its end before the limit.
bool read_all(const Fd& from, const Program& program, std::string& output) {
    const Clock::time_point end = Clock::now() + program.limit;
    std::array<char, 4096> buffer;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd ready{.fd = from.get(), .events = POLLIN, .revents = 0};
        const int found = left <= 0 ? 0 : ::poll(&ready, 1, static_cast<int>(left) + 1);
        if (found == 0) {
            return false;
        }
        const ssize_t got = found < 0 ? -1 : ::read(from.get(), buffer.data(), buffer.size());
        if (got == 0) {
            return true;
        }
        if (got < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        const std::size_t room = program.output_bytes_max - output.size();
        output.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
    }
}

}  // namespace

base::Result<std::string> run_program(const Program& program) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return base::fail(Errc::kRetry, errno_text("pipe", errno));
    }
    const Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    const pid_t child = TRY(spawn(program, write_end));
    write_end.reset();
    std::string output;
    const bool ended = read_all(read_end, program, output);
    if (!ended) {
        ::kill(child, SIGKILL);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        CHECK(errno == EINTR);
    }
    if (!ended) {
        return base::fail(Errc::kRetry, program.words[0] + " gave no answer within its limit");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return base::fail(Errc::kNotFound,
                          program.words[0] + " failed: " +
                              output.substr(0, std::min(kComplaintBytesMax, output.find('\n'))));
    }
    return output;
}

}  // namespace distkv::os
