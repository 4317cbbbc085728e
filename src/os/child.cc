#include "os/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>
#include <utility>

#include "base/check.h"
#include "os/errno_text.h"

namespace distkv::os {

using base::Errc;
using base::fail;
using base::Result;
using namespace std::chrono_literals;

namespace {

Result<std::array<Fd, 2>> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail(Errc::kRetry, errno_text("pipe", errno));
    }
    return std::array<Fd, 2>{Fd(ends[0]), Fd(ends[1])};
}

// May say no too early.
bool is_readable(const Fd& fd, time::Duration patience) {
    pollfd ready{.fd = fd.get(), .events = POLLIN, .revents = 0};
    // Less than nothing would mean for ever to poll().
    const auto ms = std::clamp<std::int64_t>((patience + 999us) / 1ms, 0, INT_MAX);
    return ::poll(&ready, 1, static_cast<int>(ms)) > 0;
}

}  // namespace

// No signal is blocked there, whatever this process has done. SIGPIPE must not end us when the
// child has gone, and is not ignored there because of that.
Result<Child> Child::start(const std::vector<std::string>& words) {
    std::array<Fd, 2> input = TRY(make_pipe());
    std::array<Fd, 2> output = TRY(make_pipe());
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    CHECK(::posix_spawn_file_actions_init(&files) == 0 && ::posix_spawnattr_init(&attributes) == 0);
    CHECK(::posix_spawn_file_actions_adddup2(&files, input[0].get(), STDIN_FILENO) == 0);
    CHECK(::posix_spawn_file_actions_adddup2(&files, output[1].get(), STDOUT_FILENO) == 0);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t broken_pipe = none;
    ::sigaddset(&broken_pipe, SIGPIPE);
    CHECK(::posix_spawnattr_setsigmask(&attributes, &none) == 0);
    CHECK(::posix_spawnattr_setsigdefault(&attributes, &broken_pipe) == 0);
    CHECK(::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ==
          0);
    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        return fail(Errc::kNotFound, errno_text("cannot run " + words[0], error));
    }
    ::signal(SIGPIPE, SIG_IGN);
    return Child(pid, std::move(input[1]), std::move(output[0]));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      heard_(std::move(other.heard_)) {}

Child::~Child() {
    kill();
}

Result<void> Child::tell(std::string line) {
    line += '\n';
    if (::write(input_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        return fail(Errc::kNotFound, "a child process has gone");
    }
    return {};
}

Result<std::string> Child::hear(time::Duration patience) {
    const time::MonoTime end = mono_now() + patience;
    for (bool last_look = false;;) {
        const std::size_t newline = heard_.find('\n');
        if (newline != std::string::npos) {
            std::string line = heard_.substr(0, newline);
            heard_.erase(0, newline + 1);
            return line;
        }
        if (last_look) {
            return fail(Errc::kRetry, "a child process says nothing");
        }
        const time::Duration left = end - mono_now();
        last_look = left <= time::Duration{};
        if (!is_readable(output_, left)) {
            continue;
        }
        std::array<char, 4096> buffer{};
        const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
        if (got <= 0) {
            return fail(Errc::kNotFound, "a child process has gone");
        }
        heard_.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

void Child::reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
        CHECK(errno == EINTR);
    }
    pid_ = -1;
}

void Child::kill() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        reap();
    }
}

void Child::end(time::Duration patience) {
    input_.reset();
    const time::MonoTime until = mono_now() + patience;
    // Whoever ends wants to be read to the end first; then it has gone, or will in a moment.
    bool has_more = true;
    while (pid_ > 0 && mono_now() < until) {
        std::array<char, 4096> buffer{};
        if (!has_more) {
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
                pid_ = -1;
            } else {
                ::poll(nullptr, 0, 1);
            }
        } else if (is_readable(output_, until - mono_now())) {
            has_more = ::read(output_.get(), buffer.data(), buffer.size()) > 0;
        }
    }
    kill();
}

std::string own_path() {
    std::array<char, 4096> path{};
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    CHECK(size > 0);
    return {path.data(), static_cast<std::size_t>(size)};
}

time::MonoTime mono_now() {
    timespec now{};
    CHECK(::clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return time::MonoTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace distkv::os
