function ocx_serve(varargin)
  % Answers the requests of octave_compress for ever: one line a request, which names its file,
  % and one line an answer, which names the file with the outputs or the error.
  %
  % Its arguments, the first time, are the folders of this package's functions and of the bridge,
  % and those of the channel, with the FIFOs in the last one.  An interrupt ends this function; it
  % is then called again.  Like all of the bridge it calls Octave's own functions, whatever a
  % user's folder holds.
  persistent ours folders
  if nargin > 0
    mlock();
    ours = varargin(1:2);
    folders = varargin(3:end);
    redirect([folders{end}, '/printed'], 'w', 1);
    redirect([folders{end}, '/warned'], 'w', 2);
    builtin('warning', 'off', 'backtrace');
    builtin('more', 'off');
    builtin('PS1', '');
    places = folders(end);
  else
    places = {};
  end
  unwind_protect
    % Where the terminal is, users' programs would read what is typed for this function.
    redirect('/dev/null', 'r', 0);
    serve(folders, ours, places);
  unwind_protect_cleanup
    redirect('/dev/tty', 'r', 0);
    keep_path('', ours);
  end
end

function serve(folders, ours, places)
  try
    line = ocx_link('ready', places{:});
    % What was asked of an interrupted loop and not read yet must not be done after all.
    while ~builtin('strcmp', line, 'go')
      line = ocx_link('');
    end
    path = keep_path('', ours);
    answer = '';
    while true
      line = ocx_link(answer);
      answer = '';
      if ~builtin('isempty', line)  % an empty one only wakes a loop that is interrupted meanwhile
        answer = ocx_respond(line, folders);
        path = keep_path(path, ours);
      end
    end
  catch failure
    ocx_link(['failed ', failure.message]);
    builtin('exit', 1);  % there is no other way left to say that something is wrong
  end
end

function path = keep_path(path, ours)
  % Puts our folders back onto Octave's path if it has changed and a user has cleaned it.
  if builtin('strcmp', path, builtin('path'))
    return
  end
  separator = builtin('pathsep');
  path = [separator, builtin('path'), separator];
  for k = 1:builtin('numel', ours)
    if builtin('isempty', builtin('strfind', path, [separator, ours{k}, separator]))
      builtin('warning', 'off', 'Octave:shadowed-function', 'local');
      builtin('addpath', ours{k});
    end
  end
  path = builtin('path');
end

function redirect(path, mode, stream)
  file = builtin('fopen', path, mode);
  builtin('dup2', file, stream);
  builtin('fclose', file);
end
