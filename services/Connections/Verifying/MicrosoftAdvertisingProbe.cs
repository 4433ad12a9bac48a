using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text.Json;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Verifying;

/// <summary>An ad account that a grant reaches, as Microsoft Advertising tells it.</summary>
internal sealed record FoundAccount(string CustomerId, string AccountId, string Name, string Status);

/// <summary>What Microsoft Advertising says of an access token.</summary>
/// <param name="Problem">One of <see cref="Defining.Problem"/>; none when it accepts it.</param>
internal sealed record FoundAccounts(string Problem, IReadOnlyList<FoundAccount> Accounts)
{
    public static FoundAccounts Failed(string problem) => new(problem, []);
}

/// <summary>Asks Microsoft Advertising who signed in and which ad accounts that person reaches; both calls only read.</summary>
internal sealed partial class MicrosoftAdvertisingProbe(OutboundClient outbound, IOptions<ConnectionsOptions> options, TimeProvider time, ILogger<MicrosoftAdvertisingProbe> logger)
{
    private const int MaxAccounts = 100;

    /// <summary>Bytes of an answer: a page of accounts, with everything that is told of each.</summary>
    private const int MaxAnswer = 1024 * 1024;

    private const int MaxText = 200;
    private static readonly string[] ErrorLists = ["Errors", "OperationErrors", "BatchErrors"];
    private static readonly int[] NotTheRightPerson = [106, 120, 123];

    public async Task<FoundAccounts> RunAsync(Secret accessToken, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Value.VerifyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var found = await AskAsync(accessToken, either.Token);
            Log.Asked(logger, found.Problem.Length == 0 ? "accepted" : found.Problem, found.Accounts.Count);
            return found;
        }
        catch (Exception failure) when (ForeignAnswer.IsMissing(failure, cancellationToken))
        {
            Log.Failed(logger, failure.GetType().Name);
            return FoundAccounts.Failed(Problem.HostUnreachable);
        }
    }

    private async Task<FoundAccounts> AskAsync(Secret accessToken, CancellationToken cancellationToken)
    {
        var (problem, user) = await CallAsync("User/Query", """{"UserId":null}""", accessToken, cancellationToken);
        if (problem != Problem.None)
        {
            return FoundAccounts.Failed(problem);
        }

        if (!user.TryGetProperty("User", out var person) || !IsId(ForeignAnswer.Text(person, "Id")))
        {
            return FoundAccounts.Failed(Problem.HostUnreachable);
        }

        var search = JsonSerializer.Serialize(new
        {
            Ordering = (object?)null,
            PageInfo = new { Index = 0, Size = MaxAccounts },
            Predicates = new[] { new { Field = "UserId", Operator = "Equals", Value = ForeignAnswer.Text(person, "Id") } },
            ReturnAdditionalFields = (object?)null,
        });
        (problem, var accounts) = await CallAsync("Accounts/Search", search, accessToken, cancellationToken);
        return problem != Problem.None ? FoundAccounts.Failed(problem)
            : accounts.TryGetProperty("Accounts", out var list) && list.ValueKind == JsonValueKind.Array ? Judge([.. list.EnumerateArray().Select(Read).OfType<FoundAccount>().Take(MaxAccounts).OrderBy(account => account.AccountId, StringComparer.Ordinal)])
            : FoundAccounts.Failed(Problem.HostUnreachable);
    }

    // A grant that reaches no account can do nothing at all.
    private static FoundAccounts Judge(IReadOnlyList<FoundAccount> accounts) =>
        accounts.Count > 0 ? new FoundAccounts(Problem.None, accounts) : FoundAccounts.Failed(Problem.CredentialForbidden);

    private async Task<(string Problem, JsonElement Body)> CallAsync(string path, string body, Secret accessToken, CancellationToken cancellationToken)
    {
        var registration = options.Value.MicrosoftAdvertising;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(registration.CustomerAddress), path))
        {
            Content = new StringContent(body, new MediaTypeHeaderValue(MediaTypeNames.Application.Json)),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken.Value);
        request.Headers.Add("DeveloperToken", registration.ReadDeveloperToken().Value);
        using var response = await outbound.SendAsync(request, cancellationToken);
        var answer = await ForeignAnswer.ReadJsonAsync(response.Content, MaxAnswer, cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK && answer is { } accepted)
        {
            return (Problem.None, accepted);
        }

        var codes = answer is { } fault ? CodesOf(fault) : [];
        return (codes.Any(NotTheRightPerson.Contains) ? Problem.CredentialForbidden
            : response.StatusCode == HttpStatusCode.Unauthorized || codes.Any(code => code is 105 or 109) ? Problem.CredentialUnknown
            : response.StatusCode == HttpStatusCode.Forbidden ? Problem.CredentialForbidden
            : Problem.HostUnreachable, default);
    }

    private static IReadOnlyList<int> CodesOf(JsonElement fault) =>
    [
        .. from name in ErrorLists
           where fault.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
           from error in fault.GetProperty(name).EnumerateArray()
           where error.ValueKind == JsonValueKind.Object && error.TryGetProperty("Code", out _)
           let code = error.GetProperty("Code")
           where int.TryParse(code.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out _)
           select int.Parse(code.ToString(), CultureInfo.InvariantCulture),
    ];

    private static FoundAccount? Read(JsonElement account) =>
        ForeignAnswer.Text(account, "Id") is { } id && IsId(id) && ForeignAnswer.Text(account, "ParentCustomerId") is { } customer && IsId(customer)
            ? new FoundAccount(customer, id, Clean(ForeignAnswer.Text(account, "Name")), Clean(ForeignAnswer.Text(account, "AccountLifeCycleStatus")))
            : null;

    private static bool IsId(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string Clean(string? text) => string.Concat((text ?? "").Where(character => !char.IsControl(character)).Take(MaxText));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Microsoft Advertising was asked about a token: {Outcome}, {Accounts} accounts")]
        public static partial void Asked(ILogger logger, string outcome, int accounts);

        [LoggerMessage(2, LogLevel.Information, "Microsoft Advertising could not be asked about a token: {Failure}")]
        public static partial void Failed(ILogger logger, string failure);
    }
}
