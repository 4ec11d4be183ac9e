// What counts as a complete message, a cut one and no message at all.
#define BOOST_TEST_MODULE http
#include <boost/test/unit_test.hpp>

#include "http/wire.hpp"

namespace vvm::http::detail {
namespace {

constexpr std::uint32_t header_max = 512;

struct Outcome {
  bool done = false;
  std::optional<Error> error{};
  Bytes body{};
  std::size_t left = 0;
};

// Feeds octets in pieces of `piece`, the end of the connection at last.
Outcome parse(Side side, BytesView octets, std::size_t piece) {
  MessageParser parser(side, header_max);
  Bytes held;
  Outcome out;
  for (std::size_t at = 0; at < octets.size() && !parser.done(); at += piece) {
    held.append(octets.substr(at, piece));
    for (bool more = true; more && !parser.done() && !held.empty();) {
      const auto taken = parser.put(held);
      if (!taken.has_value()) {
        out.error = taken.error();
        return out;
      }
      held.erase(0, taken.value());
      more = taken.value() != 0;
    }
  }
  const Status end = parser.put_eof();
  if (!end.has_value()) {
    out.error = end.error();
  }
  out.done = parser.done();
  out.body = parser.body();
  out.left = held.size();
  return out;
}

constexpr std::string_view with_length =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello";
constexpr std::string_view chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n";

BOOST_AUTO_TEST_CASE(a_message_is_the_same_in_pieces_of_any_size) {
  for (const std::string_view text : {with_length, chunked}) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      const Outcome out = parse(Side::response, text, piece);
      BOOST_TEST(!out.error.has_value());
      BOOST_TEST(out.done);
      BOOST_TEST(out.body == "hello");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_message_cut_at_any_octet_is_truncated) {
  for (const std::string_view text : {with_length, chunked}) {
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      const Outcome out = parse(Side::response, text.substr(0, cut), 7);
      BOOST_TEST_REQUIRE(out.error.has_value());
      BOOST_TEST((out.error->code == Code::truncated));
      BOOST_TEST(!out.done);
    }
  }
}

BOOST_AUTO_TEST_CASE(octets_behind_a_message_are_left) {
  const Outcome out = parse(Side::request, "GET / HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", 1000);
  BOOST_TEST(out.done);
  BOOST_TEST(out.left == 19U);
}

BOOST_AUTO_TEST_CASE(a_header_above_the_limit_is_refused_however_it_comes) {
  Bytes text = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 40; ++i) {
    text.append("Name").append(std::to_string(i)).append(": value\r\n");
  }
  text.append("\r\n");
  BOOST_TEST_REQUIRE(text.size() > header_max);
  for (const std::size_t piece : {1U, 16U, 100U, 5000U}) {
    const Outcome out = parse(Side::request, text, piece);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST((out.error->code == Code::limit_exceeded));
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_a_protocol_error) {
  for (const std::string_view text : {std::string_view{"hello world\r\n\r\n"},
                                      std::string_view{"GET / HTTP/3.0\r\n\r\n"},
                                      std::string_view{"GET / HTTP/1.1\r\nNo colon\r\n\r\n"},
                                      std::string_view{"\x16\x03\x01\x02\x00\x01", 6}}) {
    const Outcome out = parse(Side::request, text, 3);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST((out.error->code == Code::protocol_error));
  }
}

BOOST_AUTO_TEST_CASE(a_body_whose_end_is_ambiguous_is_a_protocol_error) {
  for (const std::string_view framing : {"Content-Length: 3\r\nContent-Length: 4\r\n",
                                         "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                                         "Transfer-Encoding: gzip\r\n",
                                         "Content-Length: -1\r\n"}) {
    const Bytes text = "POST / HTTP/1.1\r\n" + Bytes{framing} + "\r\nabcd";
    const Outcome out = parse(Side::request, text, 1000);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST((out.error->code == Code::protocol_error));
  }
}

BOOST_AUTO_TEST_CASE(a_body_that_ends_with_the_connection_says_so) {
  MessageParser parser(Side::response, header_max);
  const Bytes text = "HTTP/1.1 200 OK\r\n\r\nabc";
  std::size_t at = parser.put(text).value();
  BOOST_TEST_REQUIRE(parser.header_done());
  BOOST_TEST((parser.body_end() == BodyEnd::by_close));
  at += parser.put(BytesView{text}.substr(at)).value();
  BOOST_TEST(at == text.size());
  BOOST_TEST(!parser.done());
  BOOST_TEST(parser.put_eof().has_value());
  BOOST_TEST(parser.done());
}

BOOST_AUTO_TEST_CASE(a_header_that_would_split_is_not_written) {
  Response res;
  res.headers.add("X-Name", "a\r\nSet-Cookie: b");
  BOOST_TEST(!response_head(res, {}).has_value());
  Request req;
  req.target = "/a b";
  BOOST_TEST(!request_head(req, {.host = "h", .port = 1}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(framing_headers_of_the_caller_are_dropped) {
  Response res;
  res.headers.add("content-length", "999");
  res.headers.add("X-Kept", "1");
  const Bytes head = response_head(res, {.content_length = 2, .close = true}).value();
  BOOST_TEST(head ==
             "HTTP/1.1 200 OK\r\nX-Kept: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(header_names_compare_without_case) {
  Headers headers;
  headers.add("ETag", "1");
  headers.add("etag", "2");
  BOOST_TEST(headers.find("ETAG").value() == "1");
  headers.set("eTag", "3");
  BOOST_TEST(headers.size() == 1U);
  BOOST_TEST(headers.find("etag").value() == "3");
}

}  // namespace
}  // namespace vvm::http::detail
