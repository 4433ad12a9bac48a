using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Errors;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>Calls about lists, repeated when they fail for a while. Nothing is sent in parallel here, and nothing is counted: a plain wait will do.</summary>
internal sealed class AudienceCalls(IOptions<MicrosoftAdvertisingOptions> options, TimeProvider time)
{
    private const int MaxAttempts = 6;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private readonly Uri _audiences = new(new Uri(options.Value.CampaignAddress), "Audiences");
    private readonly Uri _query = new(new Uri(options.Value.CampaignAddress), "Audiences/QueryByIds");

    /// <summary>Makes a list, once.</summary>
    public Task<Reply> AddAsync(KeepingJob job, AudienceKey key, WantedAudience wanted, CancellationToken cancellationToken) =>
        job.Accounts.CallAsync(key, HttpMethod.Post, _audiences, MicrosoftAdvertisingWire.AddAudience(wanted), cancellationToken);

    /// <summary>Changes a list, once.</summary>
    public Task<Reply> UpdateAsync(KeepingJob job, AudienceKey key, WantedAudience wanted, string id, CancellationToken cancellationToken) =>
        job.Accounts.CallAsync(key, HttpMethod.Put, _audiences, MicrosoftAdvertisingWire.UpdateAudience(wanted, id), cancellationToken);

    /// <summary>The list that is wanted among all of the account. Nobody is an audience without an id.</summary>
    public async Task<Result<RemoteAudience>> FindAsync(KeepingJob job, Func<RemoteAudience, bool> isWanted, CancellationToken cancellationToken)
    {
        var all = await QueryAsync(job, [], cancellationToken);
        return all.Refusal is { } refusal ? refusal : all.Value.FirstOrDefault(isWanted) ?? new RemoteAudience("", "", "", null);
    }

    /// <summary>Those of some lists that there are, or all of the account.</summary>
    public async Task<Result<RemoteAudience[]>> QueryAsync(KeepingJob job, IReadOnlyCollection<string> listIds, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var reply = await job.Accounts.CallAsync(job.Account, HttpMethod.Post, _query, MicrosoftAdvertisingWire.QueryAudiences(listIds), cancellationToken);
            var (audiences, problem) = MicrosoftAdvertisingWire.ReadAudiences(reply.Body);
            if ((reply.Fault ?? problem) is not { } fault)
            {
                return audiences;
            }

            if (!await MayRetryAsync(fault, attempt, cancellationToken))
            {
                return MicrosoftAdvertisingReasons.Refuse(fault.Reason);
            }
        }
    }

    /// <summary>Tells whether to try again, when the time for it has come. The run can be stopped during the wait.</summary>
    public async Task<bool> MayRetryAsync(Fault fault, int attempt, CancellationToken cancellationToken)
    {
        if (attempt >= MaxAttempts || fault.Answer is not (Answer.Throttled or Answer.Unavailable or Answer.Unknown))
        {
            return false;
        }

        // A hint comes from outside: calls about lists are refused for a minute at most (117), whatever it says.
        var (wait, hint) = (FirstWait * Math.Pow(2, attempt - 1), fault.Wait ?? TimeSpan.Zero);
        hint = hint < MicrosoftAdvertisingLimits.RateWait ? hint : MicrosoftAdvertisingLimits.RateWait;
        await Task.Delay(hint > wait ? hint : wait, time, cancellationToken);
        return true;
    }

    /// <summary>What an answer says of the only list that it was asked about.</summary>
    public static Fault PartialFault(Reply reply)
    {
        var code = MicrosoftAdvertisingOutcomes.ArrayOf(reply.Body, "PartialErrors").Select(MicrosoftAdvertisingOutcomes.CodeOf).FirstOrDefault(code => code is not null);
        return code is null ? Fault.Lost : MicrosoftAdvertisingOutcomes.OfCode(code.Value) ?? new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceSettingsRefused, code.Value);
    }
}

/// <summary>The lists of one run are to be kept.</summary>
/// <param name="Files">For what does not go by call.</param>
/// <param name="Account">Any of the audiences: they all belong to one account.</param>
internal sealed record KeepingJob(MicrosoftAdvertisingAccounts Accounts, Filing.MicrosoftAdvertisingFiles Files, Contracts.Exports.V1.RunAssignment Assignment, AudienceKey Account)
{
    /// <summary>Whose ledger tells who stands in the lists. Stored, so it never changes.</summary>
    public string Ledger => $"{Assignment.ExportUid}:{Assignment.DestinationAccount}";
}
