#include "os/tls.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "os/errno_text.h"

namespace distkv::os {
namespace {

template <auto Function>
struct Free {
    template <class T>
    void operator()(T* object) const {
        Function(object);
    }
};
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Free<SSL_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

// What OpenSSL has to say about the last call; empties its queue.
std::string complaint(const std::string& what) {
    std::string text = what;
    while (const unsigned long code = ::ERR_get_error()) {
        std::array<char, 256> line{};
        ::ERR_error_string_n(code, line.data(), line.size());
        text.append(text == what ? ": " : "; ").append(line.data());
    }
    return text;
}

std::unexpected<base::Error> bad_file(const std::string& what, const std::string& file) {
    return base::fail(base::Errc::kInvalid, complaint("TLS " + what + " " + file));
}

std::string name_of(base::NodeId node) {
    return "node-" + to_string(node);
}

class TlsTransport final : public Transport {
public:
    TlsTransport(Fd socket, Session session, bool names_required)
        : Transport(std::move(socket)),
          session_(std::move(session)),
          names_required_(names_required) {}

    base::Result<Moved> read(std::span<char> into) override {
        Moved moved{};
        while (moved.bytes < into.size()) {
            const auto rest = into.subspan(moved.bytes);
            std::size_t got = 0;
            ::ERR_clear_error();
            errno = 0;
            const int status = ::SSL_read_ex(session_.get(), rest.data(), rest.size(), &got);
            moved.bytes += got;
            if (status <= 0) {
                if (const auto blocked = blocked_after(status, moved)) {
                    return *blocked;
                }
                return over(status);
            }
        }
        return moved;
    }

    base::Result<Moved> write(std::span<const base::ByteView> pieces) override {
        Moved moved{};
        for (base::ByteView piece : pieces) {
            while (!piece.empty()) {
                std::size_t put = 0;
                ::ERR_clear_error();
                errno = 0;
                const int status = ::SSL_write_ex(session_.get(), piece.data(), piece.size(), &put);
                moved.bytes += put;
                piece.remove_prefix(put);
                if (status <= 0) {
                    if (const auto blocked = blocked_after(status, moved)) {
                        return *blocked;
                    }
                    return over(status);
                }
            }
        }
        return moved;
    }

    base::Result<void> check_peer_is(base::NodeId node) override {
        if (!names_required_) {
            return {};
        }
        const Certificate certificate(::SSL_get1_peer_certificate(session_.get()));
        const std::string name = name_of(node);
        constexpr unsigned kExactly =
            X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
        if (!certificate || ::X509_check_host(certificate.get(), name.data(), name.size(), kExactly,
                                              nullptr) != 1) {
            return base::fail(base::Errc::kInvalid,
                              "the peer's certificate does not carry the name " + name);
        }
        return {};
    }

private:
    // A read may have to wait for a write and the other way round (handshake, key update); whoever
    // owns the transport tries both when the socket is ready for either.
    [[nodiscard]] std::optional<Moved> blocked_after(int status, Moved moved) const {
        const int why = ::SSL_get_error(session_.get(), status);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE || moved.bytes > 0) {
            // An error behind bytes that came through shows again at the next call.
            moved.blocked = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
            return moved;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::unexpected<base::Error> over(int status) const {
        const int error = errno;
        const int why = ::SSL_get_error(session_.get(), status);
        if (why == SSL_ERROR_ZERO_RETURN || (why == SSL_ERROR_SYSCALL && error == 0)) {
            return base::fail(base::Errc::kRetry, "closed by the peer");
        }
        if (why == SSL_ERROR_SYSCALL) {
            return base::fail(base::Errc::kRetry, errno_text("TLS socket", error));
        }
        std::string text = complaint("TLS");
        if (const long verdict = ::SSL_get_verify_result(session_.get()); verdict != X509_V_OK) {
            text.append(", certificate: ").append(::X509_verify_cert_error_string(verdict));
        }
        return base::fail(base::Errc::kRetry, std::move(text));
    }

    Session session_;
    bool names_required_;
};

}  // namespace

struct TlsContext::State {
    Context context;
    bool names_required;

    [[nodiscard]] Session session(const Fd& socket) const {
        Session session(::SSL_new(context.get()));
        CHECK(session != nullptr, "out of memory");
        CHECK(::SSL_set_fd(session.get(), socket.get()) == 1);
        return session;
    }
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

base::Result<std::unique_ptr<TlsContext>> TlsContext::load(const TlsOptions& options) {
    ::ERR_clear_error();
    Context context(::SSL_CTX_new(::TLS_method()));
    CHECK(context != nullptr, "out of memory");
    SSL_CTX* raw = context.get();
    CHECK(::SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION) == 1);
    // Connections live long, so resuming one is not worth the tickets; a peer that dies without a
    // farewell is ordinary; renegotiation does not exist in 1.3.
    ::SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    CHECK(::SSL_CTX_set_num_tickets(raw, 0) == 1);
    ::SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
    ::SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (::SSL_CTX_load_verify_file(raw, options.ca_file.c_str()) != 1) {
        return bad_file("authority", options.ca_file);
    }
    if (::SSL_CTX_use_certificate_chain_file(raw, options.certificate_file.c_str()) != 1) {
        return bad_file("certificate", options.certificate_file);
    }
    if (::SSL_CTX_use_PrivateKey_file(raw, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        ::SSL_CTX_check_private_key(raw) != 1) {
        return bad_file("key", options.key_file);
    }
    auto state = std::make_unique<State>(std::move(context), options.node_names_required);
    return std::unique_ptr<TlsContext>(new TlsContext(std::move(state)));
}

std::unique_ptr<Transport> TlsContext::calling(Fd socket) const {
    Session session = state_->session(socket);
    ::SSL_set_connect_state(session.get());
    return std::make_unique<TlsTransport>(std::move(socket), std::move(session),
                                          state_->names_required);
}

std::unique_ptr<Transport> TlsContext::answering(Fd socket) const {
    Session session = state_->session(socket);
    ::SSL_set_accept_state(session.get());
    return std::make_unique<TlsTransport>(std::move(socket), std::move(session),
                                          state_->names_required);
}

}  // namespace distkv::os
