#include "os/node.h"

#include <sys/random.h>

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/rng.h"
#include "os/log_sink.h"

namespace distkv::os {
namespace {

std::uint64_t system_random() {
    std::uint64_t word = 0;
    CHECK(::getrandom(&word, sizeof word, 0) == sizeof word);
    return word;
}

}  // namespace

base::Result<std::unique_ptr<Node>> Node::make(NodeOptions options) {
    if (options.reactors == 0 || options.reactors > base::limits::kReactorsMax) {
        return base::fail(base::Errc::kInvalid, std::to_string(options.reactors) +
                                                    " reactors: expected 1 to " +
                                                    std::to_string(base::limits::kReactorsMax));
    }
    std::unique_ptr<Node> node(new Node(std::move(options)));
    TRY(node->prepare());
    return node;
}

base::Result<void> Node::prepare() {
    ignore_broken_pipes();
    if (options_.stop_on_signals) {
        block_stop_signals();
    }
    if (options_.tls) {
        tls_ = TRY(TlsContext::load(*options_.tls));
    }
    if (!options_.data_directory.empty()) {
        directory_ = TRY(DataDirectory::open(options_.data_directory));
    }
    files_ = std::make_unique<FileThreads>();
    resolver_ = std::make_unique<Worker>();
    const base::Rng rng(options_.seed ? *options_.seed : system_random());
    const std::uint64_t incarnation = system_random();
    for (std::size_t i = 0; i < options_.reactors; ++i) {
        siblings_.mailboxes.push_back(TRY(Mailbox::make()));
    }
    for (std::size_t i = 0; i < options_.reactors; ++i) {
        const std::uint64_t seed = rng.fork("reactor " + std::to_string(i)).next();
        TRY(add_reactor({i}, seed, incarnation));
    }
    for (const auto& [address, endpoint] : options_.peers) {
        set_peer(address, endpoint);
    }
    // Siblings can be reached like any other peer.
    for (std::size_t i = 0; options_.listen && i < options_.reactors; ++i) {
        set_peer({.node = options_.node, .reactor = {i}},
                 {.host = options_.listen->host, .port = ports_[i]});
    }
    if (options_.stop_on_signals) {
        Reactor& first = *reactors_.front();
        signals_ = TRY(StopSignals::watch(first.poller(), [this, &first](int signal) {
            first.log().info("stop_asked", {{"signal", signal}});
            stop();
        }));
    }
    return {};
}

base::Result<void> Node::add_reactor(base::ReactorId id, std::uint64_t seed,
                                     std::uint64_t incarnation) {
    const world::Address me{.node = options_.node, .reactor = id};
    Fd listener = TRY(listener_for(id));
    auto reactor = std::make_unique<Reactor>(
        world::World::Parts{
            .node = options_.node,
            .seed = seed,
            .log = base::Log(options_.log_level, stamped_sink(me, options_.log_lines))},
        Reactor::Identity{.reactor = id, .grace = options_.grace}, siblings_, TRY(Poller::make()));
    auto network = network_for(*reactor, id, incarnation, std::move(listener));
    auto disk = std::make_unique<Disk>(*reactor, reactor->mailbox(), *files_,
                                       directory_ ? &*directory_ : nullptr);
    reactor->attach(std::move(network), std::move(disk));
    reactors_.push_back(std::move(reactor));
    return {};
}

base::Result<Fd> Node::listener_for(base::ReactorId id) {
    if (!options_.listen) {
        ports_.push_back(0);
        return Fd();
    }
    Endpoint at = *options_.listen;
    if (at.port != 0) {
        if (at.port + id.value > UINT16_MAX) {
            return base::fail(base::Errc::kInvalid,
                              "no port " + std::to_string(at.port + id.value) + " to listen at");
        }
        at.port = static_cast<std::uint16_t>(at.port + id.value);
    }
    Fd listener = TRY(listen_at(at));
    ports_.push_back(TRY(port_of(listener)));
    return listener;
}

std::unique_ptr<Network> Node::network_for(Reactor& reactor, base::ReactorId id,
                                           std::uint64_t incarnation, Fd listener) {
    auto resolve_off_reactor = [this, &reactor](Endpoint endpoint, auto answer) {
        resolver_->push([&reactor, endpoint = std::move(endpoint), answer = std::move(answer)] {
            reactor.mailbox().post(
                [found = resolve(endpoint), answer](world::World&) { answer(found); });
        });
    };
    return std::make_unique<Network>(Peering{.world = reactor,
                                             .poller = reactor.poller(),
                                             .alarms = reactor.alarms(),
                                             .options = options_.network,
                                             .tls = tls_.get(),
                                             .cluster = options_.cluster,
                                             .me = {.node = options_.node, .reactor = id},
                                             .incarnation = incarnation,
                                             .rng = reactor.rng().fork("network"),
                                             .counters = {},
                                             .resolve_off_reactor = std::move(resolve_off_reactor)},
                                     std::move(listener));
}

Node::~Node() {
    stop();
    join();
}

std::uint16_t Node::port(base::ReactorId reactor) const {
    CHECK(reactor.value < ports_.size());
    return ports_[reactor.value];
}

void Node::set_peer(const world::Address& peer, const Endpoint& endpoint) {
    CHECK(threads_.empty(), "peers are set before the node starts");
    for (const auto& reactor : reactors_) {
        reactor->os_network().set_peer(peer, endpoint);
    }
}

void Node::start(Main main) {
    CHECK(threads_.empty(), "a node starts once");
    main_ = std::move(main);
    siblings_.mains_running = reactors_.size();
    for (const auto& reactor : reactors_) {
        threads_.emplace_back([this, &reactor = *reactor] { reactor.run(main_); });
    }
}

void Node::stop() {
    for (const auto& mailbox : siblings_.mailboxes) {
        mailbox->post([](world::World& there) { static_cast<Reactor&>(there).begin_stop(); });
    }
}

void Node::join() {
    for (std::thread& thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
}

}  // namespace distkv::os
