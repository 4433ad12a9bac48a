namespace CustomerInsights.Rpc.Wire;

/// <summary>Headers and values that the protocol itself uses.</summary>
internal static class HeaderNames
{
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";

    /// <summary>How often the call was tried before, absent on the first attempt.</summary>
    public const string PreviousAttempts = "grpc-previous-rpc-attempts";

    /// <summary>Milliseconds after which a server wants the call again; anything else means never.</summary>
    public const string RetryPushback = "grpc-retry-pushback-ms";

    /// <summary>Metadata with which a caller asks its own client to compress the request, as in the official client; never sent.</summary>
    public const string RequestEncodingChoice = "grpc-internal-encoding-request";

    public const string ContentType = "application/grpc";
    public const string WebContentType = "application/grpc-web";
    public const string WebTextContentType = "application/grpc-web-text";
    public const string Identity = "identity";
    public const string Gzip = "gzip";
    public const string SupportedEncodings = "identity,gzip";

    public static bool IsGrpcContentType(string? contentType) => IsContentType(contentType, ContentType);

    /// <summary>Whether it is the type, perhaps with a suffix such as "+proto" or with parameters.</summary>
    public static bool IsContentType(string? contentType, string expected) =>
        contentType is not null
        && contentType.StartsWith(expected, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == expected.Length || contentType[expected.Length] is '+' or ';');
}
