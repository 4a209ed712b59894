function ocx_respond(file, folders, requests, answers)
  % Does the request in FILE: calls its function and leaves the outputs, or the error, in a file
  % of the first folder that has room.
  persistent deliver resolve % found while Octave has its path, which a call may take away
  if isempty(deliver)
    deliver = @ocx_deliver;
    resolve = @ocx_resolve;
  end
  number = -1;
  status = 'ok';
  try
    lastwarn('', '');
    request = load('-binary', file);
    number = request.numbers(1);
    if request.numbers(3)
      unlink(file);
    end
    if isfield(request, 'freed')
      ocx_store('free', request.freed);
    end
    args = request.args;
    if isfield(request, 'marks')
      args = resolve(args, request.marks, requests, answers);
    end
    outputs = run(request.name, args, request.numbers(2));
    if isfield(request, 'kept')
      ocx_store('put', request.kept, outputs);
      outputs = {};
    end
    place = deliver(outputs, folders);
  catch failure
    status = 'error';
    frames = failure.stack;
    ours = find(strcmp({frames.name}, mfilename()), 1);
    failure = struct('message', failure.message, 'identifier', failure.identifier, ...
                     'stack', frames(1:ours - 1));
    place = deliver(failure, folders);
  end
  fflush(stdout);
  fflush(stderr);
  [~, identifier] = lastwarn();
  if ~isempty(identifier)
    identifier(~isgraph(identifier)) = '_'; % it is one word of the answer
  end
  fprintf(answers, '%d %s %d %s\n', number, status, place, identifier);
  fflush(answers);
end

function outputs = run(name, args, nout)
  % Apart from everything else: what a function does to the variables of its caller ends here.
  if nout == 0
    feval(name, args{:});
    outputs = {};
  else
    outputs = cell(1, nout);
    [outputs{:}] = feval(name, args{:});
  end
end
