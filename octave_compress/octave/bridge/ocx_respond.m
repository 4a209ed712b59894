function answer = ocx_respond(file, folders)
  % Does the request in FILE: calls its function and leaves the outputs, or the error, in a file
  % of the first folder that has room.  Returns the line that says so.
  persistent deliver store % found while Octave has its path, which a call may take away
  if builtin('isempty', deliver)
    deliver = @ocx_deliver;
    store = @ocx_store;
  end
  number = -1;
  status = 'ok';
  try
    request = builtin('load', '-binary', file);
    number = request.numbers(1);
    % What else the request holds: a file to remove, values to free, marks, numbers for the outputs.
    is = request.numbers(3:6);
    if is(1)
      builtin('unlink', file);
    end
    if is(2)
      store('free', request.freed);
    end
    args = request.args;
    if is(3)
      args = ocx_resolve(args, request.marks, folders);
    end
    outputs = ocx_call(request.name, args, request.numbers(2));
    [text, identifier] = builtin('lastwarn'); % Octave 11 notes there what is off, too
    if is(4)
      store('put', request.kept, outputs);
      outputs = {};
    end
    place = deliver(outputs, folders);
  catch failure
    [text, identifier] = builtin('lastwarn');
    status = 'error';
    failure = builtin('struct', 'message', failure.message, 'identifier', failure.identifier, ...
                      'stack', failure.stack);
    place = deliver(failure, folders);
  end
  builtin('fflush', 1);
  builtin('fflush', 2);
  builtin('lastwarn', text, identifier);
  text(text == "\n") = ' '; % the text is the rest of a line
  identifier(identifier <= ' ' | identifier > '~') = '_'; % and this is one word of it
  answer = builtin('sprintf', '%d %s %d %s %s', number, status, place, identifier, text);
end
