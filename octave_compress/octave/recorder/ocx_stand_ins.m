% What a script that is recorded finds in place of Octave's own functions.  They are functions of
% the command line, as the path has to look to the script as it does without the recorder.
1;

function name = mfilename(option)
  % As Octave's own function, but the copy of the script has the name of the script.
  frames = dbstack('-completenames');
  file = '';
  if numel(frames) > 1
    file = frames(2).file;
  end
  if strcmp(file, getenv('OCX_RECORD_COPY'))
    file = getenv('OCX_RECORD_SCRIPT');
  end
  name = file;
  if nargin == 0 || ~strcmp(option, 'fullpathext')
    slash = max([0, find(file == '/')]);
    dot = max([0, find(file == '.')]);
    if dot <= slash
      dot = numel(file) + 1;
    end
    name = file(1:dot - 1);
    if nargin == 0
      name = name(slash + 1:end);
    end
  end
end

function list = argv()
  % As where Octave is given the script's name and nothing more.
  list = cell(0, 0);
end

function name = program_name()
  file = getenv('OCX_RECORD_SCRIPT');
  name = file(max([0, find(file == '/')]) + 1:end);
end

function value = input(prompt, kind)
  ocx_at('answer', 'input');
  text = ocx_tell();
  printf('%s%s\n', prompt, text);
  if nargin > 1
    value = text;
  elseif isempty(strtrim(text))
    value = [];
  else
    value = evalin('caller', text);
  end
end

function keyboard(varargin)
  ocx_at('answer', 'keyboard');
  text = ocx_tell();
  while ~any(strcmp(strtrim(text), {'dbcont', 'return', 'dbquit'}))
    printf('%s\n', text);
    evalin('caller', text);
    ocx_at('answer', 'keyboard');
    text = ocx_tell();
  end
end

function answer = yes_or_no(prompt)
  if nargin == 0
    prompt = '';
  end
  text = '';
  while ~any(strcmp(text, {'yes', 'no'}))
    ocx_at('answer', 'yes_or_no');
    text = strtrim(ocx_tell());
    printf('%s(yes or no) %s\n', prompt, text);
  end
  answer = strcmp(text, 'yes');
end

function key = kbhit(varargin)
  ocx_at('answer', 'kbhit');
  key = [ocx_tell(), "\n"];
  key = key(1);
end

function pause(varargin)
  % Waits as Octave's own function does, but not for a key: nobody is there to press it.
  if nargin > 0
    builtin('pause', varargin{:});
  end
end

if strcmp(getenv('OCX_RECORD_GRAPHICS'), 'ignore')
  source([getenv('OCX_RECORD_HOME'), '/ocx_no_graphics.m']);
end
