namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>A place among the uploads of a customer that are received or worked on at once.</summary>
internal sealed class UploadSlot(bool isOverLimit, Action leave) : IDisposable
{
    private Action? _leave = leave;

    /// <summary>There was no place; the file is not taken.</summary>
    public bool IsOverLimit => isOverLimit;

    public void Dispose()
    {
        _leave?.Invoke();
        _leave = null;
    }
}

/// <summary>All uploads. Has a lock of its own, and another that lets one file at a time take effect.</summary>
internal sealed class UploadStore(SeededSecrets secrets)
{
    private static readonly TimeSpan ResultUrlLife = TimeSpan.FromMinutes(5);
    private readonly Lock _gate = new();
    private readonly Lock _settling = new();
    private readonly Dictionary<string, BulkUpload> _byRequest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BulkUpload> _byToken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (BulkUpload Upload, DateTimeOffset Expires)> _results = new(StringComparer.Ordinal);
    private readonly List<BulkUpload> _arriving = [];
    private readonly List<BulkUpload> _open = [];

    /// <summary>A new upload, and the secret part of its address.</summary>
    public (BulkUpload Upload, string Token) Create(MicrosoftAdvertisingCall call, bool withResults)
    {
        var upload = new BulkUpload(secrets.Id(), call.Account!, call.User!.UserName, withResults, call.Now);
        var token = secrets.Token("");
        lock (_gate)
        {
            _byRequest[upload.RequestId] = upload;
            _byToken[token] = upload;
        }

        return (upload, token);
    }

    public BulkUpload? FindRequest(string? requestId)
    {
        lock (_gate)
        {
            return requestId is null ? null : _byRequest.GetValueOrDefault(requestId);
        }
    }

    public BulkUpload? FindToken(string token)
    {
        lock (_gate)
        {
            return _byToken.GetValueOrDefault(token);
        }
    }

    /// <summary>Counts a file that begins to arrive, until the slot is disposed.</summary>
    public UploadSlot Enter(string token, int most)
    {
        lock (_gate)
        {
            if (!_byToken.TryGetValue(token, out var upload))
            {
                return new UploadSlot(isOverLimit: false, static () => { });
            }

            // A file that was taken a moment ago is still among the arriving ones: it counts once.
            var others = _arriving.Concat(_open).Where(u => u != upload && u.Account.CustomerId == upload.Account.CustomerId).Distinct().Count();
            _arriving.Add(upload);
            return new UploadSlot(others >= most, () => Leave(upload));
        }
    }

    /// <summary>Takes the file; false when there is one already.</summary>
    public bool Receive(BulkUpload upload, ReceivedFile file)
    {
        lock (_gate)
        {
            if (upload.File is not null)
            {
                return false;
            }

            upload.File = file;
            _open.Add(upload);
            return true;
        }
    }

    /// <summary>An address for the result that works for five minutes, as long as the file exists.</summary>
    public string ShareResult(BulkUpload upload, DateTimeOffset now)
    {
        var token = secrets.Token("");
        lock (_gate)
        {
            _results[token] = (upload, now + ResultUrlLife);
        }

        return token;
    }

    public byte[]? FindResult(string token, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _results.TryGetValue(token, out var shared) && shared.Expires > now && shared.Upload.ResultGone > now ? shared.Upload.Outcome?.Result : null;
        }
    }

    /// <summary>Lets the files that are due take effect, first come first.</summary>
    public void Settle(DateTimeOffset now, Func<BulkUpload, UploadOutcome> process)
    {
        if (!HasDue(now))
        {
            return;
        }

        lock (_settling)
        {
            while (NextDue(now) is { } upload)
            {
                var outcome = process(upload);
                lock (_gate)
                {
                    upload.Outcome = outcome;
                    upload.File = upload.File! with { Bytes = [] };
                    _open.Remove(upload);
                    Forget_NeedsLock(now);
                }
            }
        }
    }

    private bool HasDue(DateTimeOffset now)
    {
        lock (_gate)
        {
            return _open.Exists(u => u.File!.DueAt <= now);
        }
    }

    private BulkUpload? NextDue(DateTimeOffset now)
    {
        lock (_gate)
        {
            return _open.Where(u => u.File!.DueAt <= now).MinBy(u => u.File!.DueAt);
        }
    }

    private void Forget_NeedsLock(DateTimeOffset now)
    {
        foreach (var upload in _byRequest.Values.Where(u => u.Outcome?.Result is not null && u.ResultGone <= now))
        {
            upload.Outcome = upload.Outcome! with { Result = null };
        }
    }

    private void Leave(BulkUpload upload)
    {
        lock (_gate)
        {
            _arriving.Remove(upload);
        }
    }
}
