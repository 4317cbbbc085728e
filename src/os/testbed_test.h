// What the tests of the real world share: nodes on free loopback ports, logs that can be searched,
// bounded waits for a condition, raw sockets of strangers, children to kill.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "os/node.h"

namespace distkv::os::test {

inline constexpr wire::ClusterId kCluster{42};

// Far beyond what any of the waits need, also under a sanitizer on a busy machine.
inline constexpr time::Duration kPatience = 20s;

class Lines {
public:
    base::Log::Sink sink();
    bool contains(const std::string& text);
    std::size_t count(const std::string& text);

private:
    std::mutex mutex_;
    std::string text_;
};

inline world::Address address(std::uint64_t node, std::uint64_t reactor = 0) {
    return {.node = {node}, .reactor = {reactor}};
}

// A directory that goes with the object.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] std::string path(const std::string& below = "") const;

private:
    std::filesystem::path path_;
};

NodeOptions quiet_options(std::uint64_t node, Lines* lines = nullptr);
std::unique_ptr<Node> make_node(NodeOptions options);

// Each learns where the other listens.
void introduce(Node& a, std::uint64_t a_id, Node& b, std::uint64_t b_id);
Endpoint loopback(std::uint16_t port);

// Waits, looking every millisecond; false when it did not come true in time.
world::Task<bool> eventually(world::World& world, std::function<bool()> condition);

// The same for a thread that has no world.
bool wait_until(const std::function<bool()>& condition);

inline Network& network_of(world::World& world) {
    return static_cast<Network&>(world.network());
}
inline std::uint64_t marked(world::World& world, world::Mark mark) {
    return world.marks()[static_cast<std::size_t>(mark)];
}

// Runs a node with one main function until that has ended.
void run_node(NodeOptions options, const Main& main);

std::size_t open_descriptors();

// A blocking client that is no peer.
class Stranger {
public:
    explicit Stranger(std::uint16_t port);

    void send(base::ByteView bytes);
    void say_hello(wire::ClusterId cluster, std::uint64_t from, std::uint64_t to);
    base::Bytes receive(std::size_t bytes);

    // True when the other side closes within our patience.
    bool is_thrown_out();
    void close() { socket_.reset(); }

private:
    Fd socket_;
};

// This test program again, running one DISABLED_ test that plays a child.
class Child {
public:
    Child(const std::string& test, const std::string& argument);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void signal(int number) const;

    // The status of waitpid.
    int wait();

    // What the parent passed.
    static std::string argument();

private:
    int pid_ = -1;
};

}  // namespace distkv::os::test
