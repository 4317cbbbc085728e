#include "os/testbed_test.h"

#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/check.h"

namespace distkv::os::test {

base::Log::Sink Lines::sink() {
    return [this](std::string_view line) {
        const std::lock_guard lock(mutex_);
        text_.append(line).append("\n");
    };
}

bool Lines::contains(const std::string& text) {
    return count(text) > 0;
}

std::size_t Lines::count(const std::string& text) {
    const std::lock_guard lock(mutex_);
    std::size_t found = 0;
    for (auto at = text_.find(text); at != std::string::npos; at = text_.find(text, at + 1)) {
        ++found;
    }
    return found;
}

TemporaryDirectory::TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "distkv_os_XXXXXX";
    CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::path(const std::string& below) const {
    return below.empty() ? path_ : path_ / below;
}

NodeOptions quiet_options(std::uint64_t node, Lines* lines) {
    NodeOptions options;
    options.node = {node};
    options.cluster = kCluster;
    options.listen = loopback(0);
    options.seed = node;
    options.grace = 100ms;
    options.network.backoff_min = 2ms;
    options.network.backoff_max = 20ms;
    options.log_lines = lines == nullptr ? base::Log::Sink() : lines->sink();
    return options;
}

std::unique_ptr<Node> make_node(NodeOptions options) {
    auto node = Node::make(std::move(options));
    CHECK(node.has_value(), node.has_value() ? "" : node.error().detail);
    return std::move(*node);
}

Endpoint loopback(std::uint16_t port) {
    return {.host = "127.0.0.1", .port = port};
}

void introduce(Node& a, std::uint64_t a_id, Node& b, std::uint64_t b_id) {
    a.set_peer(address(b_id), loopback(b.port({0})));
    b.set_peer(address(a_id), loopback(a.port({0})));
}

world::Task<bool> eventually(world::World& world, std::function<bool()> condition) {
    const time::MonoTime end = world.mono_now() + kPatience;
    while (!condition()) {
        if (world.mono_now() > end) {
            co_return false;
        }
        co_await world.sleep_for(1ms);
    }
    co_return true;
}

bool wait_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        ::poll(nullptr, 0, 1);
    }
    return true;
}

void run_node(NodeOptions options, const Main& main) {
    const auto node = make_node(std::move(options));
    node->start(main);
    node->join();
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

Stranger::Stranger(std::uint16_t port) {
    socket_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    const timeval limit{.tv_sec = kPatience / std::chrono::seconds(1), .tv_usec = 0};
    CHECK(::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
}

void Stranger::send(base::ByteView bytes) {
    // What the other side has closed already cannot be told anything.
    static_cast<void>(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void Stranger::say_hello(wire::ClusterId cluster, std::uint64_t from, std::uint64_t to) {
    base::Bytes bytes;
    wire::append_frame(bytes, wire::encode_hello({.cluster = cluster,
                                                  .from = {.node = {from}, .reactor = {}},
                                                  .incarnation = 1,
                                                  .to = {.node = {to}, .reactor = {}}}));
    send(bytes);
}

base::Bytes Stranger::receive(std::size_t bytes) {
    base::Bytes data(bytes, '\0');
    const ssize_t got = ::recv(socket_.get(), data.data(), bytes, MSG_WAITALL);
    data.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return data;
}

bool Stranger::is_thrown_out() {
    char byte = 0;
    ssize_t got = 0;
    while ((got = ::recv(socket_.get(), &byte, 1, 0)) > 0) {
    }
    return got == 0 || errno == ECONNRESET;
}

Child::Child(const std::string& test, const std::string& argument) {
    const std::string filter = "--gtest_filter=" + test;
    std::vector<std::string> words = {"/proc/self/exe", filter, "--gtest_also_run_disabled_tests",
                                      "--gtest_brief=1"};
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    std::vector<std::string> settings = {"DISTKV_TEST_ARGUMENT=" + argument};
    for (char** setting = environ; *setting != nullptr; ++setting) {
        if (!std::string_view(*setting).starts_with("GTEST_OUTPUT")) {
            settings.emplace_back(*setting);
        }
    }
    std::vector<char*> environment;
    for (std::string& setting : settings) {
        environment.push_back(setting.data());
    }
    environment.push_back(nullptr);
    CHECK(::posix_spawn(&pid_, words[0].c_str(), nullptr, nullptr, arguments.data(),
                        environment.data()) == 0);
}

Child::~Child() {
    if (pid_ > 0) {
        signal(SIGKILL);
        wait();
    }
}

void Child::signal(int number) const {
    CHECK(::kill(pid_, number) == 0);
}

int Child::wait() {
    int status = 0;
    CHECK(::waitpid(std::exchange(pid_, -1), &status, 0) > 0);
    return status;
}

std::string Child::argument() {
    const char* value = std::getenv("DISTKV_TEST_ARGUMENT");
    return value == nullptr ? "" : value;
}

}  // namespace distkv::os::test
