#include "os/tls.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "os/testbed_test.h"

namespace distkv::os::test {
namespace {

using base::Bytes;
using world::Task;
using world::World;

// Certificates made by the openssl program.
class Tls : public testing::Test {
protected:
    void SetUp() override {
        make_authority("ca");
        make_authority("other-ca");
        make_certificate("node-1", "ca", "node-1");
        make_certificate("node-2", "ca", "node-2");
        make_certificate("stolen", "ca", "node-9");
        make_certificate("foreign", "other-ca", "node-1");
    }

    [[nodiscard]] TlsOptions files(const std::string& name,
                                   const std::string& authority = "ca") const {
        return {.ca_file = directory_.path(authority + ".pem"),
                .certificate_file = directory_.path(name + ".pem"),
                .key_file = directory_.path(name + ".key")};
    }

    [[nodiscard]] NodeOptions options(std::uint64_t node, const std::string& certificate,
                                      Lines* lines = nullptr) const {
        NodeOptions made = quiet_options(node, lines);
        made.tls = files(certificate);
        return made;
    }

private:
    void run(const std::string& arguments) {
        const std::string command =
            "cd " + directory_.path() + " && openssl " + arguments + " 2>openssl.log";
        ASSERT_EQ(std::system(command.c_str()), 0) << command;
    }
    void make_authority(const std::string& name) {
        run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" +
            name + " -keyout " + name + ".key -out " + name + ".pem");
    }
    void make_certificate(const std::string& file, const std::string& authority,
                          const std::string& name) {
        run("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x" +
            (" -addext subjectAltName=DNS:" + name) + " -keyout " + file + ".key -out " + file +
            ".csr");
        run("x509 -req -days 2 -copy_extensions copy -CAcreateserial -in " + file + ".csr -CA " +
            authority + ".pem -CAkey " + authority + ".key -out " + file + ".pem");
    }

    TemporaryDirectory directory_;
};

Task<void> echo_until_stopped(World& world) {
    world::Scope scope(world.scheduler());
    scope.spawn("echo", [](World& inner) -> Task<void> {
        for (;;) {
            world::Frame frame = co_await inner.network().receive();
            EXPECT_TRUE(inner.network().send(frame.from, std::move(frame.payload)));
        }
    }(world));
    while (!world.stopping()) {
        co_await world.stop_signal().wait();
    }
}

// What becomes of a frame that node 1 sends to node 2.
void expect_refused(const NodeOptions& one, const NodeOptions& two) {
    const auto a = make_node(one);
    const auto b = make_node(two);
    introduce(*a, 1, *b, 2);
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        EXPECT_TRUE(world.network().send(address(2), "secret"));
        EXPECT_TRUE(co_await eventually(
            world, [&] { return network_of(world).counters().connect_failures > 2; }));
        EXPECT_EQ(network_of(world).counters().connects, 0U);
    });
    a->join();
}

TEST_F(Tls, CarriesSmallAndLargeFrames) {
    const auto a = make_node(options(1, "node-1"));
    const auto b = make_node(options(2, "node-2"));
    introduce(*a, 1, *b, 2);
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        const Bytes large(base::limits::kFrameBytesMax, 'x');
        for (int round = 0; round < 2; ++round) {
            for (int i = 0; i < 100; ++i) {
                EXPECT_TRUE(world.network().send(address(2), std::to_string(i)));
            }
            EXPECT_TRUE(world.network().send(address(2), large));
            for (int i = 0; i < 100; ++i) {
                EXPECT_EQ((co_await world.network().receive()).payload, std::to_string(i));
            }
            EXPECT_TRUE((co_await world.network().receive()).payload == large);
        }
        EXPECT_EQ(network_of(world).counters().connects, 1U);
    });
    a->join();
}

TEST_F(Tls, AnotherAuthorityIsRefusedByBothSides) {
    Lines lines;
    NodeOptions foreign = quiet_options(1, &lines);
    foreign.tls = files("foreign");  // It trusts our authority, and we do not trust its.
    expect_refused(foreign, options(2, "node-2"));
    foreign.tls = files("node-1", "other-ca");  // The other way round.
    expect_refused(foreign, options(2, "node-2"));
    EXPECT_TRUE(lines.contains("certificate verify failed"));
}

TEST_F(Tls, ACertificateOfAnotherNodeIsRefused) {
    Lines lines;
    expect_refused(options(1, "stolen"), options(2, "node-2", &lines));
    EXPECT_TRUE(lines.contains("does not carry the name node-1"));
    expect_refused(options(1, "node-1", &lines), options(2, "stolen"));
    EXPECT_TRUE(lines.contains("does not carry the name node-2"));
}

TEST_F(Tls, NamesNeedNotMatchWhenTheOptionSaysSo) {
    NodeOptions one = options(1, "stolen");
    NodeOptions two = options(2, "stolen");
    one.tls->node_names_required = two.tls->node_names_required = false;
    const auto a = make_node(one);
    const auto b = make_node(two);
    introduce(*a, 1, *b, 2);
    b->start(echo_until_stopped);
    a->start([](World& world) -> Task<void> {
        EXPECT_TRUE(world.network().send(address(2), "x"));
        EXPECT_EQ((co_await world.network().receive()).payload, "x");
    });
    a->join();
}

TEST_F(Tls, PlainAndTlsDoNotMix) {
    expect_refused(quiet_options(1), options(2, "node-2"));
    expect_refused(options(1, "node-1"), quiet_options(2));
    Lines lines;
    const auto node = make_node(options(2, "node-2", &lines));
    node->start(echo_until_stopped);
    Stranger plain(node->port({0}));
    plain.say_hello(kCluster, 1, 2);
    EXPECT_TRUE(plain.is_thrown_out());
    EXPECT_TRUE(wait_until([&] { return lines.contains("warn stranger_refused"); }));
}

TEST_F(Tls, WrongFilesAreErrorsAtTheStart) {
    const auto error_of = [](const TlsOptions& files) {
        const auto loaded = TlsContext::load(files);
        EXPECT_FALSE(loaded);
        return loaded ? std::string() : to_string(loaded.error());
    };
    TlsOptions missing = files("node-1");
    missing.ca_file = "/nowhere/ca.pem";
    EXPECT_TRUE(error_of(missing).starts_with("invalid: TLS authority /nowhere/ca.pem: "))
        << error_of(missing);
    TlsOptions swapped = files("node-1");
    swapped.key_file = files("node-2").key_file;
    EXPECT_TRUE(error_of(swapped).contains("key values mismatch")) << error_of(swapped);
    TlsOptions not_pem = files("node-1");
    not_pem.certificate_file = "/proc/self/exe";
    EXPECT_FALSE(error_of(not_pem).empty());
}

}  // namespace
}  // namespace distkv::os::test
