// Another process, talked to by lines: what it reads from its standard input and writes to its
// standard output. Its standard error is ours.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "time/instant.h"

namespace distkv::os {

class Child {
public:
    // `words`: the program, looked up on the path, and its arguments.
    static base::Result<Child> start(const std::vector<std::string>& words);

    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;

    // Kills it, if it still runs.
    ~Child();

    // kNotFound: it has gone.
    base::Result<void> tell(std::string line);

    // kRetry: nothing for so long. kNotFound: it has gone.
    base::Result<std::string> hear(time::Duration patience);

    // At once, and waits until it has gone.
    void kill();

    // Closes its input, which asks it to end; kills it when it does not.
    void end(time::Duration patience);

    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    Child(pid_t pid, Fd input, Fd output)
        : pid_(pid), input_(std::move(input)), output_(std::move(output)) {}

    void reap();

    pid_t pid_ = -1;
    Fd input_;   // Of the child; we write.
    Fd output_;  // Of the child; we read.
    std::string heard_;
};

// The path of the program that is running.
std::string own_path();

// The same clock as every world's mono_now().
time::MonoTime mono_now();

}  // namespace distkv::os
