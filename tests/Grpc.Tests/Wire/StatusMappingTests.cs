using System.Net;
using System.Net.Sockets;
using CustomerInsights.Rpc.Wire;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Wire;

internal sealed class StatusMappingTests
{
    [TestCase(400, StatusCode.Internal)]
    [TestCase(401, StatusCode.Unauthenticated)]
    [TestCase(403, StatusCode.PermissionDenied)]
    [TestCase(404, StatusCode.Unimplemented)]
    [TestCase(429, StatusCode.Unavailable)]
    [TestCase(431, StatusCode.Internal)]
    [TestCase(502, StatusCode.Unavailable)]
    [TestCase(503, StatusCode.Unavailable)]
    [TestCase(504, StatusCode.Unavailable)]
    [TestCase(200, StatusCode.Unknown)]
    [TestCase(500, StatusCode.Unknown)]
    public void An_HTTP_status_has_its_code(int httpStatus, StatusCode code) =>
        Assert.That(StatusMapping.FromHttpStatus((HttpStatusCode)httpStatus).StatusCode, Is.EqualTo(code));

    [TestCase(0x0, StatusCode.Internal)]
    [TestCase(0x1, StatusCode.Internal)]
    [TestCase(0x2, StatusCode.Internal)]
    [TestCase(0x3, StatusCode.Internal)]
    [TestCase(0x4, StatusCode.Internal)]
    [TestCase(0x5, StatusCode.Unknown)]
    [TestCase(0x6, StatusCode.Internal)]
    [TestCase(0x7, StatusCode.Unavailable)]
    [TestCase(0x8, StatusCode.Cancelled)]
    [TestCase(0x9, StatusCode.Internal)]
    [TestCase(0xa, StatusCode.Internal)]
    [TestCase(0xb, StatusCode.ResourceExhausted)]
    [TestCase(0xc, StatusCode.PermissionDenied)]
    [TestCase(0xd, StatusCode.Internal)]
    [TestCase(0xff, StatusCode.Unknown)]
    public void A_reset_has_its_code_wherever_it_is_wrapped(long error, StatusCode code) =>
        Assert.That(
            StatusMapping.FromException(new HttpRequestException("", new IOException("", new HttpProtocolException(error, "", null)))).StatusCode, Is.EqualTo(code));

    [Test]
    public void A_lost_or_refused_connection_is_unavailable()
    {
        Exception[] exceptions = [new SocketException(), new HttpRequestException("", new SocketException()), new IOException(), new HttpRequestException(HttpRequestError.NameResolutionError)];

        Assert.That(exceptions.Select(exception => StatusMapping.FromException(exception).StatusCode), Is.All.EqualTo(StatusCode.Unavailable));
    }

    [Test]
    public void Anything_else_is_internal() =>
        Assert.That(StatusMapping.FromException(new InvalidOperationException()).StatusCode, Is.EqualTo(StatusCode.Internal));
}
