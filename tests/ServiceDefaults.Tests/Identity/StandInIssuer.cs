using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.TestKit;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

/// <summary>An OpenID Connect issuer with a key of its own: its documents are answered without a network.</summary>
internal sealed class StandInIssuer : HttpMessageHandler
{
    private const string Audience = "customerinsights";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _authority = $"https://{Some.Name("login")}.example.com";
    private readonly string _keyId = Some.Id();
    private readonly TimeProvider _time;

    public StandInIssuer(TimeProvider time) => _time = time;

    public bool IsDown { get; init; }

    public TrustedIssuer TrustPeople() => TrustedIssuer.OfPeople(new AuthenticationOptions { Authority = _authority, Audience = Audience }, new HttpClient(this));

    public TrustedIssuer TrustServices(params (string AppId, string Subject)[] subjects)
    {
        var options = new ServiceIdentityOptions { Authority = _authority, Audience = Audience };
        foreach (var (appId, subject) in subjects)
        {
            options.Subjects.Add(appId, subject);
        }

        return TrustedIssuer.OfServices(options, new HttpClient(this));
    }

    public string Sign(Dictionary<string, object> claims, string audience = Audience) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = _authority,
            Audience = audience,
            IssuedAt = _time.GetUtcNow().UtcDateTime,
            NotBefore = _time.GetUtcNow().UtcDateTime,
            Expires = _time.GetUtcNow().UtcDateTime.AddHours(1),
            Claims = claims,
            SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(_key) { KeyId = _keyId }, SecurityAlgorithms.EcdsaSha256),
        });

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var parameters = _key.ExportParameters(includePrivateParameters: false);
        object? document = request.RequestUri!.AbsolutePath switch
        {
            "/.well-known/openid-configuration" => new { issuer = _authority, jwks_uri = $"{_authority}/keys" },
            "/keys" => new
            {
                keys = new[]
                {
                    new { kty = "EC", use = "sig", alg = "ES256", crv = "P-256", kid = _keyId, x = Base64UrlEncoder.Encode(parameters.Q.X), y = Base64UrlEncoder.Encode(parameters.Q.Y) },
                },
            },
            _ => null,
        };
        return IsDown || document is null
            ? Task.FromResult(new HttpResponseMessage(IsDown ? HttpStatusCode.BadGateway : HttpStatusCode.NotFound))
            : Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(document) });
    }

    protected override void Dispose(bool disposing)
    {
        _key.Dispose();
        base.Dispose(disposing);
    }
}
